"""All verbs. Errors come out as what happened, then what to do; never as a traceback."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import typer
from typer._click.exceptions import ClickException  # « unknown option » has no public base

from releve.cli import (
    account,
    bench,
    bundle,
    care,
    doctor,
    dossier,
    drill,
    establishment,
    incident,
    ledger,
    retention,
    serve,
    test,
    vault,
)
from releve.kernel.errors import ReleveError
from releve.kernel.lifeline import die_with_parent

app = typer.Typer(
    name="./run",
    help="Relève : l'hôpital continue de soigner quand son informatique tombe, et le prouve avant.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(drill.app, name="drill")
app.command("test", context_settings=test.CONTEXT)(test.test)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.command("bundle")(bundle.bundle)
app.command("dossier")(dossier.dossier)
app.add_typer(establishment.app, name="establishment")
app.add_typer(vault.app, name="vault")
app.add_typer(care.app, name="care")
app.add_typer(incident.app, name="incident")
app.add_typer(ledger.app, name="ledger")
app.add_typer(retention.app, name="retention")
app.add_typer(account.app, name="account")


def run() -> int:
    """Run the verb of ``sys.argv``; its exit status: 0 as asked, 1 falls short, 2 could not run."""
    if "RELEVE_TIED" in os.environ:
        die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):  # even where a shell had them ignored
        signal.signal(number, _interrupt)
    try:
        status = app(standalone_mode=False)
    except ReleveError as error:
        sys.stderr.write(f"{error}\n")
        if error.remedy:
            sys.stderr.write(f"→ {error.remedy}\n")
        return error.exit_code
    except ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("Interrompu.\n")
        return 130
    except OSError as error:
        place = f"{error.filename} : " if error.filename else ""
        sys.stderr.write(f"{place}{error.strerror or error}\n")
        sys.stderr.write("→ Vérifiez ce chemin, la place sur le disque et vos droits.\n")
        return 2
    return status if isinstance(status, int) else 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Once: a second Ctrl-C must not break what the first one is putting away."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt

"""``./run vault``: enrol, list, restore, scan two folders, try a server."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, printable, write_json
from releve.kernel.clock import SystemClock, iso
from releve.kernel.ids import machine_name
from releve.kernel.units import NARROW_SPACE, moment, size, thousands

if TYPE_CHECKING:
    from rich.console import Console

    from releve.vault.conformance import Check
    from releve.vault.restoration import Restoration
    from releve.vault.state import MachineState, SnapshotLine

app = typer.Typer(
    name="vault",
    help="Le coffre : inscrire une machine, lister, restaurer, éprouver.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_SHOWN_FLAWS = 40


@app.command("enrol")
def enrol(
    name: Annotated[str, typer.Argument(metavar="NOM", help="Le nom de la machine.")],
    home: HomeOption = None,
) -> None:
    """Inscrit une machine ; écrit les deux lignes dont restic a besoin, une seule fois."""
    from releve.runtime.settings import receiver_port
    from releve.vault import enrolment
    from releve.vault.restic import Restic

    place = open_home(home)
    restic = Restic(place.world, place.path)
    done = enrolment.enrol(place, machine_name(name), SystemClock().now(), restic)
    for line in done.shell_lines(receiver_port(place)):
        sys.stdout.write(line + "\n")
    sys.stderr.write(
        f"{done.machine} est inscrite. Ces deux lignes ne seront plus montrées : posez-les sur la"
        " machine, lisibles d'elle seule.\n"
    )


@app.command("list")
def list_(
    name: Annotated[
        str | None, typer.Argument(metavar="NOM", help="Une machine ; toutes sans lui.")
    ] = None,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Les machines inscrites, ou les sauvegardes d'une machine, et ce que le coffre y a lu."""
    from releve.vault.credentials import enrolled, repository_secret
    from releve.vault.state import read_state, read_states

    place = open_home(home)
    with _console(json) as console:
        if name is None:
            states = {state.machine: state for state in read_states(place.path)}
            known = [(machine, states.get(machine)) for machine in enrolled(place)]
            _show_machines(console, known)
            write_json(json, {"machines": [_machine_figures(m, state) for m, state in known]})
            return
        machine = machine_name(name)
        repository_secret(place, machine)
        state = read_state(place.path, machine)
        lines = state.snapshots if state else ()
        _show_snapshots(console, lines)
        figures = [_snapshot_figures(line) for line in lines]
        write_json(json, {"machine": machine, "snapshots": figures})


@app.command("restore")
def restore(
    name: Annotated[str, typer.Argument(metavar="NOM", help="La machine à restaurer.")],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="Un dossier neuf.")],
    snapshot: Annotated[
        str, typer.Option("--snapshot", metavar="ID", help="Une sauvegarde, ou « last-clean ».")
    ] = "last-clean",
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Restaure dans un dossier neuf, puis compare chaque fichier à la sauvegarde.

    Code de sortie : 0 tout est identique, 1 un fichier au moins diffère, 2 impossible.
    """
    from releve.runtime.vault_facts import facts_of
    from releve.vault import facts, restoration
    from releve.vault.restic import Restic
    from releve.vault.restored import read_restored

    place = open_home(home)
    machine = machine_name(name)
    restic = Restic(place.world, place.path)
    done = restoration.restore(place, restic, machine, snapshot, into, SystemClock())
    with _console(json) as console:
        _show_restoration(console, done)
    write_json(json, _restoration_figures(done))
    record = read_restored(place, machine)
    if record is not None:
        facts_of(place).record([facts.restored(record)])
    raise typer.Exit(0 if done.ok else 1)


@app.command("conformance")
def conformance(
    url: Annotated[str, typer.Argument(metavar="URL", help="rest:http://NOM:SECRET@hôte/NOM/")],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Éprouve un serveur REST de restic en ajout seul : le nôtre ou un autre, mêmes contrôles.

    Il y dépose quelques petits objets. Code de sortie : 0 conforme, 1 un contrôle manqué.
    """
    from releve.vault.conformance import Conformance

    place = open_home(home)
    checks = Conformance(place.world, place.path).run(url)
    with _console(json) as console:
        _show_checks(console, checks)
    figures = [{"id": check.id, "ok": check.ok, "seen": check.seen} for check in checks]
    write_json(json, {"checks": figures})
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@app.command("scan")
def scan(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="Le dossier d'avant.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Le même dossier, après.")],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Compare deux versions d'un dossier et cherche les fichiers qu'un chiffrement a abîmés.

    Code de sortie : 0 pas d'alarme, 1 alarme, 2 dossier illisible.
    """
    from releve.cli import scan as scanning

    del home  # every verb takes it; this one keeps no state
    scanning.scan(before, after, json)


@contextmanager
def _console(json: str | None) -> Iterator[Console]:
    """People read the error output when figures go to the standard one."""
    from rich.console import Console

    yield Console(stderr=json == "-", highlight=False, markup=False)


def _show_machines(console: Console, known: Sequence[tuple[str, MachineState | None]]) -> None:
    from rich.table import Table

    if not known:
        console.print("Aucune machine inscrite. Pour en inscrire une : ./run vault enrol NOM")
        return
    table = Table("machine", "dernier envoi", "dernière saine", "sauvegardes", "alarme", box=None)
    for machine, state in known:
        clean = state.last_clean if state else None
        table.add_row(
            machine,
            moment(state.last_received) if state and state.last_received else "jamais",
            moment(clean.received) if clean else "aucune",
            thousands(len(state.snapshots)) if state else "0",
            printable(state.alarm.reason) if state and state.alarm else "–",
        )
    console.print(table)


def _show_snapshots(console: Console, lines: tuple[SnapshotLine, ...]) -> None:
    from rich.table import Table

    if not lines:
        console.print("Aucune sauvegarde lue.")
        return
    table = Table("sauvegarde", "reçue", "verdict", "fichiers", "suspects", "pourquoi", box=None)
    for line in lines:
        table.add_row(
            line.id[:12],
            moment(line.received),
            line.words,
            thousands(line.files),
            thousands(line.suspect),
            printable(line.reason),
        )
    console.print(table)


def _show_restoration(console: Console, done: Restoration) -> None:
    word = "Identique" if done.ok else "DIFFÉRENT"
    console.print(
        f"{word}{NARROW_SPACE}: {thousands(done.identical)} fichiers identiques sur"
        f" {thousands(done.files)} ({size(done.bytes)}), sauvegarde {done.snapshot.id[:12]}"
        f" reçue {moment(done.snapshot.received)}, dans {done.into}"
    )
    for flaw in done.flaws[:_SHOWN_FLAWS]:
        console.print(f"  {printable(flaw.path)} : {printable(flaw.what)}")
    if len(done.flaws) > _SHOWN_FLAWS:
        console.print(f"… et {thousands(len(done.flaws) - _SHOWN_FLAWS)} autres (voir --json).")
    if done.said and not done.ok:
        console.print(f"restic a dit : {printable(done.said)[:2000]}")


def _show_checks(console: Console, checks: list[Check]) -> None:
    for check in checks:
        word = "oui" if check.ok else "NON"
        console.print(f"{word:4} {check.id:32} {printable(check.seen)}")
    failed = sum(not check.ok for check in checks)
    said = "conforme" if not failed else f"{failed} contrôle(s) manqué(s)"
    console.print(f"{thousands(len(checks))} contrôles : {said}.")


def _machine_figures(machine: str, state: MachineState | None) -> dict[str, object]:
    clean = state.last_clean if state else None
    return {
        "machine": machine,
        "last_received": iso(state.last_received) if state and state.last_received else None,
        "last_clean": _snapshot_figures(clean) if clean else None,
        "snapshots": len(state.snapshots) if state else 0,
        "alarm": iso(state.alarm.at) if state and state.alarm else None,
        "refusals": dict(state.refusals) if state else {},
        "garbage": dict(state.garbage) if state else {},
    }


def _snapshot_figures(line: SnapshotLine) -> dict[str, object]:
    return {
        "id": line.id,
        "received": iso(line.received),
        "verdict": line.verdict,
        "files": line.files,
        "changed": line.changed,
        "suspect": line.suspect,
        "reason": line.reason,
    }


def _restoration_figures(done: Restoration) -> dict[str, object]:
    return {
        "machine": done.machine,
        "snapshot": _snapshot_figures(done.snapshot),
        "into": str(done.into),
        "files": done.files,
        "identical": done.identical,
        "bytes": done.bytes,
        "flaws": [{"path": flaw.path, "what": flaw.what} for flaw in done.flaws],
    }

"""``./run care``: receive, replay, rebuild, forget a month; read, ward, patient, kits."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli import care_files, care_kit, care_quarantine, care_read
from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.cli.retention import FirstOption, SecondOption, at_console, warn
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.units import thousands
from releve.kernel.world import World
from releve.runtime.settings import LOOPBACK

if TYPE_CHECKING:
    from typing import TextIO

    from releve.care.rebuilding import Rebuilt
    from releve.runtime.care_verbs import Replayed

app = typer.Typer(
    name="care",
    help="Le dossier patient de secours : recevoir, rejouer, relire, imprimer.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_SHOWN = 40


@app.command("listen")
def listen(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port MLLP (défaut : celui du dossier).")
    ] = 0,
    address: Annotated[
        str, typer.Option("--address", metavar="IP", help="L'adresse où écouter, en clair.")
    ] = LOOPBACK,
    override: Annotated[
        str | None,
        typer.Option("--override", metavar="RAISON", help="Écoute sans DPO ; inscrit au registre."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Reçoit le flux HL7 v2 par MLLP et le projette, au premier plan, sans les autres services.

    Pour un dossier où « serve » ne tourne pas (« serve » reçoit déjà le flux). Ctrl-C pour arrêter.
    Ailleurs que sur cette machine même, refusé tant que le DPO n'est pas entré (retention dpo).
    """
    from releve.runtime.care_verbs import listen as run
    from releve.runtime.retention import may_listen

    def say(line: str) -> None:
        sys.stderr.write(printable(line) + "\n")
        sys.stderr.flush()

    place = open_home(home)
    warning = may_listen(place, address, override, SystemClock().now())
    if warning is not None:
        say(warning)
    raise typer.Exit(run(place, port, say, address))


@app.command("replay")
def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Fichier HL7 v2 (« - » : entrée).")],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Prend les messages d'un fichier comme s'ils arrivaient, à côté du service ou sans lui.

    Un ou plusieurs messages, segments en CR, LF ou CRLF, avec ou sans cadres MLLP ou enveloppe
    FHS/BHS. Code de sortie : 0 tous pris, 1 certains en quarantaine (ou refusés), 2 illisible.
    """
    from releve.runtime.care_verbs import replay as run

    data, place = _read(file), open_home(home)
    warn(place)
    done = run(place, printable(file), data, SystemClock())
    _show_replayed(done, screen(json))
    write_json(json, done.figures())
    raise typer.Exit(0 if not done.quarantined and not done.refused else 1)


@app.command("rebuild")
def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Refait à côté et compare, sans rien changer.")
    ] = False,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Refait les vues à partir du journal ; les mois dont la clé est détruite sont sautés et dits.

    Avec --check : 0 quand les vues refaites sont les mêmes, octet pour octet, 1 sinon.
    """
    from releve.care.keys import MonthKeys
    from releve.care.rebuilding import compare
    from releve.runtime.care_verbs import rebuild as run

    place = open_home(home)
    differs: str | None = None
    if check:
        done, differs = compare(place)
    else:
        done = run(place)
    out = screen(json)
    _show_rebuilt(done, MonthKeys(place).destroyed(), out)
    if check:
        said = "identiques, octet pour octet" if differs is None else f"DIFFÉRENTES ({differs})"
        print(f"Vues refaites et vues en place : {said}.", file=out)
    figures = {"records": done.records, "gone": done.gone, "altered": done.altered}
    write_json(json, {**figures, "same": differs is None} if check else figures)
    raise typer.Exit(0 if differs is None else 1)


@app.command("forget")
def forget(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Le mois de réception : 2026-11.")],
    this_month: Annotated[
        bool,
        typer.Option("--yes-this-month", help="Même si des messages arrivent encore ce mois-ci."),
    ] = False,
    first: FirstOption = None,
    second: SecondOption = None,
    home: HomeOption = None,
) -> None:
    """Détruit la clé d'un mois, puis refait les vues sans lui. Rien ne le fait revenir.

    Le journal reste entier et se vérifie toujours ; ses copies ne disent plus rien de ce mois. Dans
    un dossier réel, à deux (--as, --with) ; à terme, « retention purge » va plus loin.
    """
    from releve.care.keys import MonthKeys
    from releve.runtime.care_verbs import forget as run
    from releve.runtime.retention import check_two

    place = open_home(home)
    if place.world is World.REAL:
        one, other = at_console(first, second)
        check_two(place, one, other)
    done = run(place, month, SystemClock(), this_month=this_month)
    print(f"La clé du mois {month} est détruite : son contenu n'existe plus.")
    _show_rebuilt(done, MonthKeys(place).destroyed(), sys.stdout)


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read()
        if file.startswith("fd:"):
            with os.fdopen(int(file[3:]), "rb") as given:
                return given.read()
        with open(file, "rb") as given:
            return given.read()
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        fix = "Vérifiez le nom de ce fichier et vos droits."
        raise BadInput(where=printable(file), what=what, fix=fix) from error


def _show_replayed(done: Replayed, out: TextIO) -> None:
    print(
        f"Messages lus : {thousands(done.messages)} ; pris : {thousands(done.taken)} ;"
        f" déjà reçus : {thousands(done.duplicates)} ; non projetés (sans vue) :"
        f" {thousands(done.unprojected)} ; en quarantaine : {thousands(len(done.quarantined))}.",
        file=out,
    )
    if done.refused:
        print(f"Refusés, à renvoyer : {thousands(len(done.refused))}.", file=out)
    reasons = Counter(reason for _, _, reason in done.quarantined)
    for reason, count in reasons.most_common(_SHOWN):
        print(f"  {thousands(count)} × {printable(reason)}", file=out)
    for kind, places in (("quarantaine", done.quarantined), ("refusé", done.refused)):
        for number, offset, reason in places[:_SHOWN]:
            print(
                f"  message {thousands(number)} (octet {thousands(offset)}) : {kind} :"
                f" {printable(reason)}",
                file=out,
            )
        if len(places) > _SHOWN:
            print(f"  … et {thousands(len(places) - _SHOWN)} autres (voir --json).", file=out)
    if done.waiting:
        print(
            f"{thousands(done.waiting)} messages sont gardés mais pas encore projetés : le"
            " projecteur ne répond pas (log/projector.log).",
            file=out,
        )


def _show_rebuilt(done: Rebuilt, destroyed: Sequence[str], out: TextIO) -> None:
    print(f"Vues faites à partir de {thousands(done.records)} messages.", file=out)
    lost = sum(done.gone.values())
    if done.gone:
        months = ", ".join(done.gone)
        print(
            f"{thousands(len(done.gone))} mois sans clé ({months}) : {thousands(lost)} messages"
            " sautés.",
            file=out,
        )
    absent = [month for month in done.gone if month not in destroyed]
    if absent:
        print(
            f"ATTENTION : la clé de {', '.join(absent)} manque sans que « care forget » l'ait"
            " détruite. Si vous avez une copie de secrets/care/months, remettez-la puis relancez"
            " ./run care rebuild.",
            file=out,
        )
    if done.altered:
        print(
            f"ALERTE : {thousands(done.altered)} messages ne se déchiffrent pas alors que leur clé"
            " est là ; quelqu'un a réécrit le journal. N'effacez rien.",
            file=out,
        )


app.command("read")(care_read.read)
app.command("ward")(care_files.ward)
app.command("patient")(care_files.patient)
app.command("quarantine")(care_quarantine.quarantine)
app.command("kit")(care_kit.kit)
app.command("open")(care_kit.open_)

"""``./run retention``: what is kept and why, what is due, signing, the DPO, purging."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.clock import SystemClock, iso
from releve.kernel.errors import BadInput
from releve.kernel.home import Home
from releve.kernel.units import moment, thousands
from releve.retention.errors import NotTwoPeople

if TYPE_CHECKING:
    from releve.retention import Counts, Rules, Store
    from releve.runtime.retention import AtConsole, State

app = typer.Typer(
    name="retention",
    help="La conservation : ce qui est gardé, pourquoi, combien de temps, et le détruire à terme.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NameOption = Annotated[str, typer.Option("--name", metavar="NOM", help="Qui signe.")]
DateOption = Annotated[str, typer.Option("--date", metavar="AAAA-MM-JJ", help="Le jour.")]

FirstOption = Annotated[
    str | None, typer.Option("--as", metavar="COMPTE", help="Qui décide : son identifiant.")
]
SecondOption = Annotated[
    str | None, typer.Option("--with", metavar="COMPTE", help="La deuxième personne.")
]


@app.command("show")
def show(json: JsonOption = None, home: HomeOption = None) -> None:
    """Montre chaque magasin : contenu, finalité, durée, clé, destruction, qui a signé.

    Code de sortie 1 quand une durée n'est pas décidée ou pas signée.
    """
    from releve.retention import read_rules
    from releve.runtime.retention import officer

    place, out = open_home(home), screen(json)
    rules, dpo = read_rules(place), officer(place)
    said = f"{dpo.name}, accord du {dpo.agreed_on:%d/%m/%Y}" if dpo else "non renseigné"
    print(f"DPO : {printable(said)}", file=out)
    for store in rules.stores:
        _show_store(store, rules, out)
    missing = [store for store in rules.stores if not store.decided or not store.signed]
    print(f"{len(rules.stores)} magasins, dont {len(missing)} à décider ou à signer.", file=out)
    figures = {
        "dpo": dpo.name if dpo else None,
        "dpo_agreed_on": dpo.agreed_on.isoformat() if dpo else None,
        "stores": [_figure(store, rules) for store in rules.stores],
    }
    write_json(json, figures)
    raise typer.Exit(1 if missing or dpo is None else 0)


@app.command("check")
def check(json: JsonOption = None, home: HomeOption = None) -> None:
    """Dit ce qui a passé son terme, ce qui est retenu, ce qui manque pour purger ; ne détruit rien.

    Code de sortie 1 quand quelque chose a passé son terme, ou qu'un chemin n'a pas de magasin.
    """
    from releve.runtime.records import use_records
    from releve.runtime.retention import state_of, stray_paths, tell_signatures

    place, out, now = open_home(home), screen(json), SystemClock().now()
    use_records(place)
    tell_signatures(place, now)
    state, stray = state_of(place, now), stray_paths(place)
    _show_state(state, out)
    for path in stray[:40]:
        print(f"○ sans magasin : {printable(path)}", file=out)
    write_json(json, {**_state_figures(state), "stray": stray})
    late = bool(state.due.months or state.files or stray)
    raise typer.Exit(1 if late else 0)


@app.command("sign")
def sign(
    store: Annotated[str, typer.Argument(metavar="MAGASIN", help="Par exemple care.journal.")],
    name: NameOption,
    function: Annotated[str, typer.Option("--function", metavar="FONCTION", help="Sa fonction.")],
    on: DateOption,
    months: Annotated[
        int | None,
        typer.Option("--months", metavar="N", help="Une durée plus longue, en mois pleins."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Signe la durée d'un magasin, telle qu'elle est ou plus longue, dans HOME/retention.

    Raccourcir, ou décider une première fin, se demande à deux sur la page « Conservation ».
    """
    from releve.retention.signing import Signer
    from releve.retention.stores import signature_words
    from releve.runtime.retention import sign_line

    by = Signer(name, function, _day(on))
    signed = sign_line(open_home(home), store, by, months, SystemClock().now())
    print(f"● {signed.name} : {printable(signature_words(signed))}.")


@app.command("dpo")
def dpo(name: NameOption, on: DateOption, home: HomeOption = None) -> None:
    """Entre le nom du DPO et le jour de son accord : sans lui, pas d'écoute hors de la machine."""
    from releve.runtime.retention import enter_officer

    row = enter_officer(open_home(home), name, _day(on), SystemClock().now())
    print(f"● DPO : {printable(row.name)}, accord du {row.agreed_on:%d/%m/%Y}.")


@app.command("purge")
def purge(
    first: FirstOption = None,
    second: SecondOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finit une purge décidée et interrompue.")
    ] = False,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Détruit ce qui a passé son terme, à deux : deux comptes, chacun avec son second facteur.

    Les clés des mois échus d'abord ; rien ne les fait revenir. Interrompue : relancez --resume.
    """
    from releve.runtime.retention import decide_on_console
    from releve.runtime.retention import resume as finish

    place, clock, out = open_home(home), SystemClock(), screen(json)
    if not resume:
        one, other = at_console(first, second)
        row = decide_on_console(place, one, other, clock.now())
        months = ", ".join(row.planned.months) or "aucun mois"
        print(f"Purge {row.pk} décidée : {months} ; {len(row.planned.files)} fichiers.", file=out)
    figures = []
    for row, counts in finish(place, clock):
        _show_counts(counts, out)
        figures.append({"purge": row.pk, **counts.figures()})
    write_json(json, {"purges": figures})


def warn(home: Home) -> None:
    """Say on the error output that no DPO was entered, when none was."""
    from releve.runtime.retention import warning

    said = warning(home)
    if said is not None:
        sys.stderr.write(f"{said}\n")


def _show_store(store: Store, rules: Rules, out: TextIO) -> None:
    from releve.retention.stores import duration_words, signature_words

    mark = "●" if store.decided and store.signed else "◐" if store.decided else "○"
    print(f"{mark} {store.name} ({store.id})", file=out)
    for label, words in (
        ("contient", f"{store.holds} ; personnes : {store.people}"),
        ("finalité", store.purpose),
        ("fondement", store.basis),
        ("durée", f"{duration_words(store, rules)} ; {signature_words(store)}"),
        ("clé", store.key_words),
        ("destruction", store.destruction.words),
        ("source", f"{store.source} ({store.status_words})"),
    ):
        print(f"    {label:12} {printable(words)}", file=out)


def _figure(store: Store, rules: Rules) -> dict[str, object]:
    by = store.signature
    return {
        "id": store.id,
        "name": store.name,
        "months": rules.months_of(store),
        "life": store.life,
        "hours": store.hours,
        "with": store.follows or None,
        "key": store.key,
        "destruction": store.destruction.value,
        "purpose": store.purpose,
        "basis": store.basis,
        "status": store.status,
        "source": store.source,
        "signed": store.signed,
        "signed_by": by.name if by else None,
        "signed_on": by.on.isoformat() if by else None,
    }


def _show_state(state: State, out: TextIO) -> None:
    due = state.due
    months = ", ".join(due.months) or "aucun"
    print(f"Mois qui ont passé leur terme : {months}.", file=out)
    for held in due.held:
        print(
            f"  {held.month} est retenu par un séjour ouvert, au plus jusqu'au"
            f" {held.until:%d/%m/%Y}.",
            file=out,
        )
    if due.next is not None:
        print(f"Prochain terme : {due.next:%d/%m/%Y}.", file=out)
    for entry in state.files[:40]:
        print(f"  à effacer : {printable(entry.path)} ({moment(entry.when)})", file=out)
    if len(state.files) > 40:
        print(f"  … et {thousands(len(state.files) - 40)} autres.", file=out)
    for store in state.unsigned:
        print(f"○ « {store.name} » n'est pas signée : rien n'y est purgé.", file=out)
    if state.why_not is not None:
        print(f"○ Purge refusée maintenant : {printable(state.why_not)}.", file=out)


def _state_figures(state: State) -> dict[str, object]:
    return {
        "months": list(state.due.months),
        "held": {held.month: iso(held.until) for held in state.due.held},
        "next": iso(state.due.next) if state.due.next else None,
        "files": [entry.path for entry in state.files],
        "unsigned": [store.id for store in state.unsigned],
        "why_not": state.why_not,
    }


def _show_counts(counts: Counts, out: TextIO) -> None:
    print(
        f"Purge faite : {counts.months} mois ; {thousands(counts.silent)} messages ne disent plus"
        f" rien ; {thousands(counts.salts)} sels détruits ; {thousands(counts.kits)} fichiers de"
        f" kits ôtés ; {thousands(counts.files)} fichiers effacés ;"
        f" {thousands(counts.emptied)} vidés ; {thousands(counts.recalled)} copies rappelées.",
        file=out,
    )


def at_console(first: str | None, second: str | None) -> tuple[AtConsole, AtConsole]:
    """Each types the code of their second factor, unseen. Raises ``NotTwoPeople``."""
    from releve.runtime.retention import AtConsole

    if first is None or second is None:
        fix = "ajoutez --as COMPTE --with COMPTE, ou passez par la page « Conservation »."
        raise NotTwoPeople(why="il manque un des deux comptes", fix=fix)
    return AtConsole(first, _code(first)), AtConsole(second, _code(second))


def _code(login: str) -> str:
    """Typed unseen by the person of that account."""
    asked = f"Code du second facteur de « {printable(login)} »"
    return str(typer.prompt(asked, hide_input=True, err=True))


def _day(text: str) -> date:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007  a day, no hour
    except ValueError as error:
        fix = "Écrivez le jour ainsi : 2026-11-29."
        raise BadInput(
            where="--date", what=f"« {text[:40]} » n'est pas un jour", fix=fix
        ) from error

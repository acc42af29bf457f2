"""« Importer ce que vous avez déjà »: a file, its preview, its confirmation, its report."""

from __future__ import annotations

from collections.abc import Mapping as Table
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from releve import __version__
from releve.establishment import current, stored
from releve.establishment.imports import documents, pending
from releve.establishment.imports.errors import EntityNeeded
from releve.establishment.imports.field_words import FIELD_WORDS
from releve.establishment.imports.hours import Hours, clock
from releve.establishment.imports.keeping import fact, keep, proposed
from releve.establishment.imports.layout import vocabulary
from releve.establishment.imports.lines import State, as_plain, counted
from releve.establishment.imports.mapping import Mapping
from releve.establishment.imports.prepare import KINDS, Given
from releve.establishment.imports.reading import MAX_FILE
from releve.establishment.imports.standing import Entity, Proposal
from releve.kernel.errors import BadInput, ReleveError
from releve.kernel.ids import DRILL_FINESS, TEST_FINESS, Finess, finess
from releve.kernel.world import World
from releve.ledger.app.outbox import put
from releve.pages.house import current_home, home_perimeter, legal_entity
from releve.pages.rights import at_home, needs, visible
from releve.pages.roles import Role
from releve.pages.wording import told

#: Who may change what the hospital says of itself.
IMPORTERS = (Role.DIRECTION, Role.DSI)
#: What :data:`KINDS` calls each, for the catalogue.
SAID = (
    gettext_noop("une liste du personnel"),
    gettext_noop("un tableau d'astreintes ou de gardes"),
    gettext_noop("une liste de fournisseurs"),
    gettext_noop("l'inventaire de GLPI"),
    gettext_noop("un export de RVTools"),
    gettext_noop("un export de l'annuaire (Active Directory)"),
    gettext_noop("des procédures (Word, PDF, zip)"),
)
#: Lines of one state that a page shows; all of them are counted.
_SHOWN = 200
_VOCABULARIES = {
    "staff": "staff",
    "rota": "rota",
    "suppliers": "suppliers",
    "glpi": "glpi",
    "ad": "ad",
    "rvtools": "rvtools_vm",
}


@dataclass(frozen=True)
class Group:
    """Lines of one state, the first of them shown."""

    state: State
    count: int
    lines: tuple[dict[str, object], ...]

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


def may_import(request: HttpRequest) -> bool:
    """Whether the account may, at the level of the home's legal entity."""
    where = home_perimeter()
    return where is not None and visible(request, IMPORTERS, where)


@needs(*IMPORTERS, perimeter=at_home)
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The kind and the file, on one form; then its preview."""
    home, now = current_home(), timezone.now()
    pending.purge(home, now)
    context: dict[str, Any] = {
        "kinds": [(kind, words) for kind, words in KINDS.items()],
        "kind": request.POST.get("kind") or request.GET.get("genre", ""),
        "first": current(home) is None,
        "entity": _entity_typed(request),
        "limit": MAX_FILE >> 20,
    }
    if request.method != "POST":
        return render(request, "establishment/import.html", context)
    try:
        token = _deposited(request, now)
    except ReleveError as error:
        context["error"] = told(error)
        return render(request, "establishment/import.html", context, status=400)
    if not token:
        return HttpResponseRedirect(reverse("procedures"))
    return HttpResponseRedirect(reverse("import_preview", args=[token]))


def _deposited(request: HttpRequest, now: datetime) -> str:
    """The token of what waits; empty for procedures, which are kept at once."""
    kind = request.POST.get("kind", "")
    files = request.FILES.getlist("file")
    if kind not in KINDS:
        raise BadInput(
            where=_("Genre"), what=_("rien n'est choisi"), fix=_("Dites ce qu'est ce fichier.")
        )
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not files and length.isdigit() and int(length) > MAX_FILE:
        raise BadInput(
            where=_("Fichier"),
            what=_("il est trop lourd"),
            fix=_("Au plus 64 Mio : enregistrez-le sans ses images ni ses feuilles inutiles."),
        )
    if not files:
        raise BadInput(
            where=_("Fichier"), what=_("il manque"), fix=_("Choisissez-le, puis envoyez.")
        )
    home = current_home()
    if kind == "procedures":
        _keep_procedures(request, [(f.name or "", f.read()) for f in files], now)
        return ""
    entity = _entity_typed(request)
    if current(home) is None:
        _entity_of(entity)
    first = files[0]
    return pending.deposit(home, kind, first.name or "fichier", first.read(), now, entity)


def _keep_procedures(request: HttpRequest, given: list[tuple[str, bytes]], now: datetime) -> None:
    from django.contrib import messages

    home = current_home()
    gathered = documents.gather(home, given, stored(home), now)
    counts = counted(gathered.told)
    with transaction.atomic():
        kept = documents.keep(home, gathered)
        if kept:
            _tell("procedures", counts, gathered.sha256, now)
    said = _("%(n)d procédure(s) gardée(s), %(same)d déjà là.")
    messages.success(request, said % {"n": kept, "same": counts[State.SAME]})
    for each in gathered.told:
        if each.state is State.DOUBTFUL:
            messages.warning(request, f"{each.who} : {each.what} {each.remedy}")


def _entity_typed(request: HttpRequest) -> dict[str, str]:
    """Who the hospital is: as typed, else as the first access or the drill says."""
    known = legal_entity()
    where = home_perimeter()
    drill = current_home().world is World.DRILL
    ej = str(where.ej) if where else ""
    name = known.name if known else TEST_FINESS[DRILL_FINESS] if drill else ""
    eg = "990000028" if drill else ""
    return {
        "ej": request.POST.get("ej", ej).strip()[:20],
        "eg": request.POST.get("eg", eg).strip()[:20],
        "name": request.POST.get("name", name).strip()[:200],
    }


def _entity_of(typed: Table[str, str]) -> Entity | None:
    """Raises ``BadFiness``, ``BadInput``; the legal entity is the one this home was opened for."""
    where = home_perimeter()
    ej = finess(typed.get("ej", ""))
    if where is not None and ej != where.ej:
        raise BadInput(
            where=_("FINESS juridique"),
            what=_("ce n'est pas celui de ce dossier"),
            fix=str(where.ej),
        )
    eg = finess(typed["eg"]) if typed.get("eg") else Finess(ej)
    if not typed.get("name"):
        raise EntityNeeded()
    return Entity(ej, eg, typed["name"])


@needs(*IMPORTERS, perimeter=at_home)
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """What confirming would do; the choices; the report once it is done."""
    home = current_home()
    one = pending.waiting(home, token)
    report = one.done()
    if report is not None:
        return render(request, "establishment/import_done.html", {"report": report, "one": one})
    act = request.POST.get("act", "")
    if act == "abandon":
        pending.abandon(one)
        return HttpResponseRedirect(reverse("imports"))
    error = None
    if act:
        try:
            chosen, remove = _choices(request, one)
            pending.choose(one, chosen, remove=remove)
            one = pending.waiting(home, token)
        except ReleveError as caught:
            error = told(caught)
    proposal = proposed(home, _given(one))
    if act == "confirm" and error is None:
        if str(proposal.seen or "") == request.POST.get("seen", ""):
            _confirm(one, proposal)
            return HttpResponseRedirect(reverse("import_preview", args=[token]))
        error = (
            _("L'établissement a changé pendant que vous regardiez : l'aperçu est refait."),
            _("Relisez-le, puis confirmez."),
        )
    context = _shown(one, proposal)
    return render(request, "establishment/import_preview.html", {**context, "error": error})


def _given(one: pending.Waiting) -> Given:
    home = current_home()
    entity = _entity_of(one.entity) if current(home) is None else None
    return Given(
        one.kind, one.name, one.sha256, one.book(), one.chosen(), timezone.now(), one.remove, entity
    )


def _confirm(one: pending.Waiting, proposal: Proposal) -> None:
    home, now = current_home(), timezone.now()
    with transaction.atomic():
        generation, _known = keep(home, proposal, one.chosen(), now)
        if proposal.files:
            _tell(one.kind, proposal.counts, proposal.sha256, now)
    pending.finish(
        one,
        {
            "kind": one.kind,
            "generation": generation.number if generation and proposal.files else 0,
            "counts": {str(state): count for state, count in proposal.counts.items()},
            "notes": list(proposal.notes),
            "doubtful": as_plain(t for t in proposal.told if t.state is State.DOUBTFUL)[:1000],
        },
    )


def _tell(kind: str, counts: Table[State, int], sha: str, now: datetime) -> None:
    """One fact, in the caller's transaction."""
    home = current_home()
    where = home_perimeter()
    number = where.ej if where else None
    told_of = fact(home, kind, dict(counts), sha, now, finess=number, number=0, version=__version__)
    from dataclasses import replace

    put(replace(told_of, origin="establishment"))


def _choices(request: HttpRequest, one: pending.Waiting) -> tuple[Mapping, bool]:
    """What the page's form says, over what was chosen before."""
    before = one.chosen()
    said = request.POST
    columns = dict(before.columns)
    for key, label in said.items():
        if key.startswith("label-") and isinstance(label, str):
            field = str(said.get(f"field-{key[6:]}", ""))
            if field != str(said.get(f"was-{key[6:]}", "")) or label in columns:
                columns[label] = field
    hours = dict(before.hours)
    for key, name in said.items():
        if key.startswith("rota-") and isinstance(name, str):
            number = key[5:]
            made = _hours(said, number)
            if f"{made.written()}" != str(said.get(f"was-hours-{number}", "")) or name in hours:
                hours[name] = made
    header = [
        int(each) for each in str(said.get("header", "")).split(",") if each.strip().isdigit()
    ]
    was = str(said.get("was-header", ""))
    chosen = Mapping(
        one.kind if (columns or hours or said.get("sheet")) else "",
        str(said.get("sheet", "")),
        tuple(header[:2]) if str(said.get("header", "")) != was or before.header else (),
        before.source,
        columns,
        str(said.get("rota_name", "")).strip()[:120],
        _number(str(said.get("year", ""))),
        _number(str(said.get("month", ""))),
        hours,
    )
    return chosen, said.get("remove") == "1"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _hours(said: Table[str, Any], number: str) -> Hours:
    def at(name: str) -> Any:  # noqa: ANN401
        text = str(said.get(f"{name}-{number}", ""))
        try:
            return clock(text)
        except ValueError as error:
            raise BadInput(
                where=_("Horaires"), what=str(error), fix=_("Écrivez 18:30 ou 8h30.")
            ) from error

    week, off = (at("week-start"), at("week-end")), (at("off-start"), at("off-end"))
    return Hours(week, off, at("weeks"), stated=True)


def _shown(one: pending.Waiting, proposal: Proposal) -> dict[str, Any]:
    """The preview's context."""
    counts = proposal.counts
    layout = proposal.layouts[0] if proposal.layouts else None
    chosen = one.chosen()
    fields = [("", "")]
    with suppress(KeyError):
        fields = [(f, FIELD_WORDS.get(f, f)) for f in vocabulary()[_VOCABULARIES[one.kind]]]
    return {
        "one": one,
        "kind_words": KINDS[one.kind],
        "counts": {str(state): count for state, count in counts.items()},
        "taken": counts[State.NEW] + counts[State.CHANGED] + counts[State.REMOVED],
        "doubtful": counts[State.DOUBTFUL],
        "groups": _groups(proposal),
        "notes": proposal.notes,
        "services": proposal.services,
        "layout": layout,
        "header": ", ".join(map(str, layout.header)) if layout else "",
        "fields": fields,
        "sheets": proposal.sheets if len(proposal.sheets) > 1 else (),
        "sheet": layout.sheet if layout else chosen.sheet,
        "chosen": chosen,
        "hours": [(name, each, f"{each.written()}") for name, each in proposal.hours.items()],
        "seen": proposal.seen or "",
        "remove": one.remove,
        "gone": counts[State.GONE] + counts[State.REMOVED],
        "nothing": not proposal.files,
    }


def _groups(proposal: Proposal) -> list[Group]:
    """By state, in the order a person reads them; what did not change is only counted."""
    groups = []
    for state in State:
        if state is State.SAME:
            continue
        lines = [each for each in proposal.told if each.state is state]
        if lines:
            groups.append(Group(state, len(lines), tuple(as_plain(lines[:_SHOWN]))))
    return groups

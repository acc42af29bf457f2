"""What is written in the dated files of ``rules/``: national numbers, rules of law, calls, roles,
forms. Read once; a file that does not fit its shape fails at the first test, never at night.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from releve.incident.steps import step_named

#: What the status of a rule is called on paper.
STATUS_WORDS = {
    "in_force": "en vigueur",
    "bill": "projet de loi",
    "programme": "exigence d'un programme",
    "recommendation": "recommandation",
    "unknown": "statut inconnu",
}


@dataclass(frozen=True)
class National:
    """A number that is the same everywhere. ``checked``: when its source was last read; ``short``:
    its name where the line is short.
    """

    slug: str
    name: str
    short: str
    phone: str
    checked: str
    source: str
    status: str


@dataclass(frozen=True)
class Rule:
    """A rule of law or of good practice, with where it was read and what it is worth."""

    slug: str
    words: str
    source: str
    status: str


@dataclass(frozen=True)
class CallRule:
    """A call of the director's sheet: whom by slug of contact, national number or rota. Its words,
    its contacts and its rota are those of its act in ``first_steps.toml``, unless it has its own.
    """

    slug: str
    profiles: tuple[str, ...]
    title: str
    rule: str
    say: str
    contacts: tuple[str, ...] = ()
    national: tuple[str, ...] = ()
    rota: str = ""
    boxes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wake:
    """Whom to wake: a rota, a profession, or a national number."""

    who: str
    why: str
    rota: str = ""
    profession: str = ""
    national: str = ""


@dataclass(frozen=True)
class Minutes:
    """What the IT team keeps, never does, and whom it wakes. The acts themselves are those of
    ``first_steps.toml``, the cuts those of ``pages/cuts.toml``.
    """

    source: str
    status: str
    keep: tuple[str, ...]
    never: tuple[str, ...]
    wake: tuple[Wake, ...]


@dataclass(frozen=True)
class RoleCard:
    """A role of the crisis cell and its first three acts."""

    slug: str
    title: str
    mission: str
    acts: tuple[str, ...]
    rotas: tuple[str, ...]
    professions: tuple[str, ...]
    contact: str = ""


@dataclass(frozen=True)
class FormField:
    """A line of a form; ``after``: ruled lines under the boxes; ``known``, ``known_boxes``: the
    name of a value that the material holds.
    """

    label: str
    boxes: tuple[str, ...] = ()
    lines: int = 1
    after: int = 0
    known: str = ""
    known_boxes: str = ""


@dataclass(frozen=True)
class FormColumn:
    """A column of a ward form."""

    title: str
    mm: float


@dataclass(frozen=True)
class WardForm:
    """A form of a ward. ``each``: ``patient`` (one a patient of the census) or ``ward``; sheets
    used per bed and day, and per admission.
    """

    code: str
    title: str
    kind: str
    each: str
    blank: int
    per_bed_day: float
    per_admission: float
    note: str
    fields: tuple[FormField, ...] = ()
    lead: tuple[FormField, ...] = ()
    columns: tuple[FormColumn, ...] = ()
    rows: int = 0
    tall: float = 9.0


@dataclass(frozen=True)
class Declaration:
    """A writing due within days; ``how``: where it goes; ``status``: what its lines are worth."""

    slug: str
    title: str
    rule: str
    how: str
    status: str
    fields: tuple[FormField, ...] = field(default=())


@dataclass(frozen=True)
class Stock:
    """How paper is counted."""

    weeks: int
    sheets_per_ream: int
    reams_per_box: int
    logbook_per_day: int
    source: str
    status: str
    admissions_per_bed_day: dict[str, float]


@cache
def national() -> dict[str, National]:
    """slug → number."""
    return {each["slug"]: National(**each) for each in _read("national")["number"]}


@cache
def rules() -> dict[str, Rule]:
    """slug → rule."""
    return {each["slug"]: Rule(**each) for each in _read("national")["rule"]}


@cache
def calls(profile: str) -> tuple[CallRule, ...]:
    """The calls of the director's sheet of such an establishment, in order."""
    return tuple(_call(each) for each in _read("calls")["call"] if profile in each["profiles"])


@cache
def minutes() -> Minutes:
    """The first ten minutes."""
    read = _read("minutes")
    wake = tuple(Wake(**each) for each in read["wake"])
    return Minutes(read["source"], read["status"], tuple(read["keep"]), tuple(read["never"]), wake)


@cache
def role_cards() -> tuple[RoleCard, ...]:
    """Every role, in the order of the table."""
    return tuple(RoleCard(**_tuples(each)) for each in _read("roles")["role"])


@cache
def ward_forms() -> tuple[WardForm, ...]:
    """The forms of a ward, in the order in which a patient meets them."""
    return tuple(_ward_form(each) for each in _read("forms")["form"])


@cache
def declarations() -> tuple[Declaration, ...]:
    """The three writings."""
    return tuple(
        Declaration(**{**each, "fields": _fields(each["fields"])})
        for each in _read("declarations")["declaration"]
    )


@cache
def stock() -> Stock:
    """The counting of paper."""
    return Stock(**_read("stock"))


def usual(kind: str) -> tuple[str, ...]:
    """What a service of this kind does first without software."""
    return tuple(_read("degraded")["acts"].get(kind, ()))


def origin(name: str) -> str:
    """« Source : … (recommandation). » of a whole file of ``rules/``."""
    return "Source : {} ({}).".format(*origin_of(name))


def origin_of(name: str) -> tuple[str, str]:
    """The source of a whole file of ``rules/``, and what it is worth in words."""
    read = _read(name)
    return read["source"], STATUS_WORDS[read["status"]]


def _call(each: dict[str, Any]) -> CallRule:
    own = _tuples(each)
    if act := own.pop("step", ""):
        step = step_named(act)
        own = {"say": step.say, "rota": step.rota, "contacts": step.contact, **own}
    return CallRule(**own)


def _ward_form(each: dict[str, Any]) -> WardForm:
    columns = tuple(FormColumn(**column) for column in each.get("columns", ()))
    parts = {key: _fields(each.get(key, ())) for key in ("fields", "lead")}
    return WardForm(**{**each, **parts, "columns": columns})


def _fields(rows: Sequence[dict[str, Any]]) -> tuple[FormField, ...]:
    return tuple(FormField(**_tuples(row)) for row in rows)


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


@cache
def _read(name: str) -> dict[str, Any]:
    text = files("releve.incident.binder").joinpath(f"rules/{name}.toml").read_text("utf-8")
    return tomllib.loads(text)

"""From the cells of a grid to turns of duty with known people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from releve.establishment.faults import listed, shown
from releve.establishment.imports.agenda import uid_of
from releve.establishment.imports.grids import Slot, when_of
from releve.establishment.imports.hours import Hours, at
from releve.establishment.imports.layout import Layout
from releve.establishment.imports.lines import Findings
from releve.establishment.imports.merge import Row
from releve.establishment.imports.named import Found as Meant
from releve.establishment.imports.named import Named
from releve.kernel.clock import iso
from releve.kernel.units import moment

_HALF = re.compile(r"(?:(?<=^)|(?<=[\s/;,|(]))(j|jour|journée|n|nuit)\s*[:=]\s*", re.IGNORECASE)
_DAY = timedelta(days=1)
_NOBODY = "Désignez quelqu'un, ou laissez ce trou en connaissance de cause."
_WHO = "Écrivez le nom et le prénom d'un agent connu, ou ajoutez cette personne."


@dataclass
class Found:
    """``turns``: id → (line, row) with ``rota``, ``start``, ``end`` (ISO, UTC) and ``people`` (ids
    parted by spaces).
    """

    turns: dict[str, tuple[int, Row]] = field(default_factory=dict)
    hours: dict[str, Hours] = field(default_factory=dict)
    layouts: list[Layout] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)


def take(slots: Sequence[Slot], found: Found, named: Named) -> None:
    """Every turn whose people are known; the others are doubtful, once a line and a name."""
    for slot in slots:
        named.cite(slot.text, slot.rota)
    doubts: dict[tuple[int, str, str, str], list[Slot]] = {}
    for slot in slots:
        for each in _halves(slot, found):
            _take(each, found, named, doubts)
    for (line, rota, what, remedy), held in doubts.items():
        where = f"{rota}, {when_of(held[0])}"
        if len(held) > 1:
            where += f" et {len(held) - 1} autre(s) jour(s)"
        found.findings.doubt(line, where, what, remedy)
    for said in named.likened:
        found.findings.note(said)


def _halves(slot: Slot, found: Found) -> list[Slot]:
    """« J : A / N : B » as two turns: the day and the night are those of the rota."""
    cuts = list(_HALF.finditer(slot.text))
    if not cuts or cuts[0].start() > 0:
        return [slot]
    if slot.last is not None or slot.start is not None:
        what = f"« {shown(slot.text)} » : jour et nuit dans une période : pas pris"
        remedy = "Écrivez une ligne pour le jour et une pour la nuit."
        found.findings.doubt(slot.line, f"{slot.rota}, {when_of(slot)}", what, remedy)
        return []
    night = found.hours.get(slot.rota, Hours()).week
    night = night if night[0] > night[1] else Hours().week
    hours = {"j": (night[1], night[0]), "n": night}
    found.findings.note(
        f"« {shown(slot.rota)} » : « J » lu {_told(hours['j'])}, « N » lu {_told(hours['n'])}"
    )
    ends = [cut.start() for cut in cuts[1:]] + [len(slot.text)]
    parts = []
    for cut, end in zip(cuts, ends, strict=True):
        start, finish = hours[cut[1][0].lower()]
        text = slot.text[cut.end() : end].strip(" /;,|()-–")
        parts.append(replace(slot, text=text, start=start, end=finish))
    return parts


def _told(pair: tuple[time, time]) -> str:
    return f"{pair[0]:%H:%M} → {pair[1]:%H:%M}"


def _take(
    slot: Slot,
    found: Found,
    named: Named,
    doubts: dict[tuple[int, str, str, str], list[Slot]],
) -> None:
    """A cell as a turn; who is not known, or nobody, is doubtful."""

    def doubt(what: str, remedy: str) -> None:
        doubts.setdefault((slot.line, slot.rota, what, remedy), []).append(slot)

    who = named.read(slot.text, slot.rota, slot.phone) if slot.text else []
    if not who:
        said = f"« {slot.text} »" if slot.text else "case vide"
        doubt(f"personne de désigné ({said})", _NOBODY)
        return
    for name, one in who:
        if not one.people:
            doubt(_not_taken(name, one), _WHO)
        elif one.confirm:
            doubt(f"« {shown(name)} » {one.confirm} : pris", "Confirmez, ou écrivez le prénom.")
    people = [each for _, one in who for each in one.people]
    if not people:
        return
    start, end = _span(slot, found.hours.get(slot.rota, Hours()))
    if end <= start:
        what = f"finit ({moment(end)}) avant de commencer ({moment(start)}) : pas pris"
        doubt(what, "Corrigez les heures.")
        return
    number = uid_of(slot.rota, iso(start))
    line, row = found.turns.get(number, (slot.line, {}))
    if row and row["end"] != iso(end) and set(people) - set(row["people"].split()):
        what = (
            f"« {shown(slot.text)} » commence avec un autre tour (ligne {line}) et ne finit pas"
            " avec lui : pas pris"
        )
        doubt(what, "Donnez-leur la même fin, ou un autre nom d'astreinte.")
        return
    everyone = dict.fromkeys([*row.get("people", "").split(), *people])
    found.turns[number] = (
        line,
        {
            "rota": slot.rota,
            "start": iso(start),
            "end": max(iso(end), row.get("end", "")),
            "people": " ".join(everyone),
        },
    )


def _not_taken(name: str, one: Meant) -> str:
    meant = f" : {listed(list(one.candidates))}" if one.candidates else ""
    return f"« {shown(name)} », {one.why}{meant} ; pas pris"


def _span(slot: Slot, hours: Hours) -> tuple[datetime, datetime]:
    """(start, end), UTC."""
    if slot.last is None:
        start, end = hours.turn(slot.first)
        if slot.start is not None:
            start = at(slot.first, slot.start)
            end = at(slot.first, slot.end) if slot.end else end
            if slot.end and end <= start:
                end = at(slot.first + _DAY, slot.end)
        return start, end
    start, end = hours.span(slot.first, slot.last)
    if slot.start is not None:
        start = at(slot.first, slot.start)
        end = at(slot.last, slot.end or slot.start)
    return start, end

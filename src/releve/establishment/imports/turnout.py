"""Who is marked when in a block of a grid: days that nobody has, and those that several have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from releve.establishment.faults import listed
from releve.establishment.imports.grids import Slot, when_of
from releve.establishment.imports.lines import Findings

#: A rota whose days are filled and held by one person at least this often means to be so.
_FILLED, _ALONE = 0.6, 0.8
_NOBODY = "Désignez quelqu'un, ou laissez ce trou en connaissance de cause."
_SEVERAL = "Dites lequel, en vidant les autres cases."


@dataclass
class Turnout:
    """One rota in one block. ``marked``: column → (the mark's word, the turn) of each person;
    ``unsure``: columns already doubtful for another reason.
    """

    marked: dict[int, list[tuple[str, Slot]]] = field(default_factory=dict)
    unsure: set[int] = field(default_factory=set)

    def settle(self, days: Mapping[int, Slot], findings: Findings) -> list[Slot]:
        """The turns to take. ``days``: each column of the block, in order, as an empty turn."""
        filled = [people for column in days if (people := self.marked.get(column))]
        alone = sum(len(people) == 1 for people in filled)
        regular = len(filled) >= _FILLED * len(days) and alone >= _ALONE * len(filled)
        taken: list[Slot] = []
        holes: list[Slot] = []
        for column, empty in days.items():
            people = self.marked.get(column, [])
            if people or column in self.unsure or not regular:
                _say_holes(holes, findings)
                holes = []
            else:
                holes.append(empty)
            if regular and _clash(people):
                who = listed([slot.text for _, slot in people])
                what = f"plusieurs personnes à la fois ({who}) : pas prises"
                where = f"{empty.rota}, {when_of(people[0][1])}"
                findings.doubt(people[0][1].line, where, what, _SEVERAL)
                continue
            taken += [slot for _, slot in people]
        _say_holes(holes, findings)
        return taken


def _clash(people: Sequence[tuple[str, Slot]]) -> bool:
    """Whether two people have the same mark, or one that says nothing more."""
    words = [word for word, _ in people]
    return len(words) > 1 and (len(set(words)) < len(words) or "" in words)


def _say_holes(holes: Sequence[Slot], findings: Findings) -> None:
    """Days one after the other are one hole."""
    if not holes:
        return
    first, last = holes[0], holes[-1]
    until = f" au {last.first:%d/%m/%Y}" if last is not first else ""
    where = f"{first.rota}, {when_of(first)}{until}"
    findings.doubt(first.line, where, "personne de désigné (aucune marque)", _NOBODY)

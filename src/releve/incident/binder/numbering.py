"""The numbers of forms: ``0007-003-0012`` = copy 7, third ward of that copy, sheet 12.

Two copies never share a number (a copy's number is given once in a home), two wards of a copy
neither. The numbers of one form of a ward follow those of the form before.
"""

from __future__ import annotations

from dataclasses import dataclass

from releve.incident.binder.blocks import Code
from releve.incident.binder.codes import Form

#: What the ranks are written with: beyond, the number grows, and stays unique.
_COPY, _WARD, _SHEET = 4, 3, 4


@dataclass
class Counter:
    """Gives the numbers of one ward of one copy, in order. ``rank`` counts wards from 1."""

    home: str
    copy: int
    ward: str
    rank: int
    given: int = 0

    def next(self, form: str) -> Code:
        """The next sheet's DataMatrix and number."""
        self.given += 1
        number = "-".join(
            (
                f"{self.copy:0{_COPY}d}",
                f"{self.rank:0{_WARD}d}",
                f"{self.given:0{_SHEET}d}",
            )
        )
        return Code(Form(self.home, self.ward, form, number).payload, number)

    def identities(self, count: int) -> tuple[str, ...]:
        """``count`` provisional identities, in the same range: they are sheets of nobody else."""
        return tuple(f"PROV-{self.next('IDP').number}" for _ in range(count))

"""After a month was forgotten: every kit of the home made again from the views as they are now,
every earlier generation and every earlier window's secret removed.

A kit holds whatever was known when it was made, so none that was made before can be left. What was
copied elsewhere is out of reach: the register of copies recalls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from releve.care.kit.publication import Published, publish
from releve.care.kit.rounds import PERIOD, Sheets, names_of
from releve.care.kit.shelf import clear, keep_current, nameless, read_shelf, wards_with_kits
from releve.care.kit.windows import close_below, folder_name, window_of
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home

if TYPE_CHECKING:
    from releve.establishment import Establishment


class KitsNotRemade(ReleveError):
    """Le kit du service {ward} n'a pas pu être refait : {why}"""

    next_step = "L'ancien reste en place. Corrigez, puis reprenez : ./run retention purge --resume"


@dataclass(frozen=True)
class Remade:
    """``made``: wards whose kit was made again; ``removed``: files of earlier kits; ``windows``:
    earlier windows destroyed.
    """

    made: int
    removed: int
    windows: int


def remake(
    home: Home, sheets: Sheets, now: datetime, establishment: Establishment | None
) -> Remade:
    """Make, then remove. May be run again after a death. Raises :class:`KitsNotRemade`,
    ``KitsNotBuilt``; then what was not made again is still there.
    """
    shelved, here = set(wards_with_kits(home)), {ward.code for ward in sheets.wards()}
    made = removed = windows = 0
    for code in sorted(shelved & here):
        _made_again(home, sheets, code, now, establishment)
        removed += keep_current(home, code)
        made += 1
        present = window_of(home, code)
        windows += close_below(home, present) if present else 0
    for folder in [*map(folder_name, sorted(shelved - here)), *nameless(home)]:
        removed += clear(home, folder)
    for code in sorted(shelved - here):
        present = window_of(home, code)
        windows += close_below(home, present) if present else 0
    return Remade(made, removed, windows)


def older_than(home: Home, moment: datetime) -> tuple[str, ...]:
    """Wards that have a kit made before ``moment``, in order of code."""
    return tuple(
        ward
        for ward in wards_with_kits(home)
        if any(kit.built < moment for kit in read_shelf(home, ward).kits)
    )


def _made_again(
    home: Home, sheets: Sheets, code: str, now: datetime, establishment: Establishment | None
) -> None:
    """A fall or a silence does not stop it: two people decided, and it says the age of its data."""
    outcome = publish(
        home,
        sheets.ward(code, now),
        now,
        PERIOD,
        names=names_of(establishment, code),
        silence=timedelta.max,
        accepted=True,
    )
    if not isinstance(outcome, Published):
        raise KitsNotRemade(ward=code, why=outcome.why)

"""Finding somebody by name, birth date, number or bed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from releve.care.identity import fold, key_of
from releve.care.views_rows import members, open_stays
from releve.care.views_shapes import Found
from releve.care.views_sheets import traits

_DATES = (
    (re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})"), (3, 2, 1)),
    (re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})"), (1, 2, 3)),
    (re.compile(r"([0-9]{2})([0-9]{2})((?:19|20)[0-9]{2})"), (3, 2, 1)),
)
#: Above every character of a folded name.
_LAST = "\U0010ffff"
#: How many candidates are looked at for one shown: merged numbers and filters take some away.
_MARGIN = 3


def find(
    base: sqlite3.Connection, text: str, units: Sequence[str] | None, limit: int, discreet: bool
) -> tuple[Found, ...]:
    """See :meth:`releve.care.views.Views.find`."""
    persons = list(dict.fromkeys(_persons(base, _candidates(base, text, units, limit * _MARGIN))))
    found: list[Found] = []
    for start in range(0, len(persons), limit):
        found += _shown(base, persons[start : start + limit], units, discreet)
        if len(found) >= limit:
            break
    return tuple(found[:limit])


def _shown(
    base: sqlite3.Connection, persons: Sequence[int], units: Sequence[str] | None, discreet: bool
) -> Iterator[Found]:
    groups = members(base, persons)
    stays = open_stays(base, persons)
    for person in persons:
        here = stays.get(person, [])
        if units is not None:
            here = [stay for stay in here if stay.unit in units]
            if not here:
                continue
        if discreet and any(member.discreet for member in groups[person]):
            continue
        shown = traits(groups[person])
        at = here[0] if here else None
        ward, room, bed, visit = (at.unit, at.room, at.bed, at.number) if at else ("",) * 4
        yield Found(
            key_of(person), shown.ipp, shown.name, shown.birth_name, shown.first_names,
            shown.born, shown.sex, ward, room, bed, visit,
        )  # fmt: skip


def _candidates(
    base: sqlite3.Connection, text: str, units: Sequence[str] | None, limit: int
) -> list[int]:
    """Patient numbers, the likeliest first, each once."""
    typed = " ".join(text.split())
    if not typed:
        return []
    born = birth_date(typed)
    if any(sign.isdigit() for sign in typed):
        # Eight digits may be a date and a number: the number first, it is one person's.
        exact = _exact(base, ("i", "v", "s"), typed.upper().replace(" ", ""), limit)
        if born is not None:
            same_day = _present_first(base, _exact(base, ("d",), born, limit))
            return list(dict.fromkeys([*exact, *same_day]))
        beds = base.execute(
            "SELECT patient FROM stay WHERE bed IN (?, ?) AND open = 1 LIMIT ?",
            (typed, typed.upper(), limit),
        )
        return list(dict.fromkeys([*exact, *(patient for (patient,) in beds)]))
    return _named(base, fold(typed), units, limit)


def birth_date(typed: str) -> str | None:
    """YYYYMMDD of a date as people type one (12/04/1951, 19510412, 1951-04-12, 12041951)."""
    for pattern, order in _DATES:
        found = pattern.fullmatch(typed)
        if found is None:
            continue
        year, month, day = (found[number] for number in order)
        if 1850 <= int(year) <= 2149 and 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
            return f"{year}{int(month):02d}{int(day):02d}"
    return None


def _exact(base: sqlite3.Connection, kinds: Iterable[str], text: str, limit: int) -> list[int]:
    found: dict[int, None] = {}
    for kind in kinds:
        query = "SELECT patient FROM term WHERE kind = ? AND text = ? LIMIT ?"
        found |= dict.fromkeys(row[0] for row in base.execute(query, (kind, text, limit)))
    return list(found)


def _present_first(base: sqlite3.Connection, numbers: list[int]) -> list[int]:
    marks = ",".join("?" * len(numbers))
    query = f"SELECT patient FROM stay WHERE open = 1 AND patient IN ({marks})"  # noqa: S608
    here = {patient for (patient,) in base.execute(query, numbers)}
    return sorted(numbers, key=lambda number: number not in here)


def _named(
    base: sqlite3.Connection, name: str, units: Sequence[str] | None, limit: int
) -> list[int]:
    """« DUPONT », « DUP EL », « Élise Dupont »: family name first, then the other way round."""
    if not name:
        return []
    found = dict.fromkeys(_prefix(base, name, "", units, limit))
    words = name.split(" ")
    for place in range(1, len(words)):
        if found:
            break
        front, back = " ".join(words[:place]), " ".join(words[place:])
        found |= dict.fromkeys(_prefix(base, front, back, units, limit))
        found |= dict.fromkeys(_prefix(base, back, front, units, limit))
    return list(found)


def _prefix(
    base: sqlite3.Connection, start: str, within: str, units: Sequence[str] | None, limit: int
) -> list[int]:
    """Numbers whose folded name begins with ``start`` and has a later word like ``within``:
    those present first.
    """
    among = "" if units is None else f" AND unit IN ({','.join('?' * len(units))})"
    span = (start, start + _LAST, f"% {within}%")
    present = base.execute(
        "SELECT patient FROM stay WHERE open = 1 AND name >= ? AND name < ? AND name LIKE ?"  # noqa: S608
        f"{among} ORDER BY name, patient LIMIT ?",
        (*(span if within else (*span[:2], "%")), *(units or ()), limit),
    )
    found = [patient for (patient,) in present]
    if units is None or not found:
        every = base.execute(
            "SELECT patient FROM term WHERE kind = 'n' AND text >= ? AND text < ? AND text LIKE ?"
            " ORDER BY text, patient LIMIT ?",
            (*(span if within else (*span[:2], "%")), limit),
        )
        found += [patient for (patient,) in every]
    return found


def _persons(base: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
    order: dict[int, int] = {}
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        marks = ",".join("?" * len(some))
        query = f"SELECT id, person FROM patient WHERE id IN ({marks})"  # noqa: S608
        order |= dict(base.execute(query, some).fetchall())
    return [order[number] for number in numbers if number in order]

"""Finding a patient and opening a census among a million, in the store itself.

    ./run bench lookup

A million patient numbers are written through the projector's own tables (names, birth dates,
numbers; one in a thousand is in a bed), then found again at random: by number, by birth date, by
name and first name, by the beginning of a name, in a ward. The clock is around ``Views`` calls, its
read transaction included; the page cache is warm after the first hundred.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bench.rows import Row

from releve.care.identity import fold, person_id
from releve.care.projection.schema import connect
from releve.care.views import Views

PATIENTS = 1_000_000
IN_BED = 1_000
LOOKUPS = 2_000
AUTHORITY = "1.2.250.1.71.4.2.2.990000010"
_NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
_SYLLABLES = ("BAR", "CHE", "DU", "FON", "GRA", "LE", "MAR", "NOI", "PEL", "RIC", "SAU", "TOU")
_ENDS = ("AUD", "ET", "IER", "IN", "OIS", "ON", "OT", "Y")
_FIRST = ("Anna", "Béa", "Cléa", "Denis", "Élise", "Farid", "Guy", "Hélène", "Inès", "Jean-Loup")

Person = tuple[str, str, str, str]


def build(path: Path, count: int = PATIENTS, in_bed: int = IN_BED) -> None:
    """Write ``count`` patients, ``in_bed`` of them in a ward of twenty-five, as projected."""
    with closing(connect(path)) as base:
        base.execute("PRAGMA synchronous = OFF")
        base.execute("BEGIN IMMEDIATE")
        people = enumerate(persons(count))
        while some := list(islice(people, 50_000)):
            base.executemany(
                "INSERT INTO patient VALUES (?,?,?,?,?,?,?,?,?)",
                sorted(_patient(n, person) for n, person in some),
            )
            base.executemany(
                "INSERT INTO term VALUES (?,?,?)",
                sorted(term for _, person in some for term in _terms(person)),
            )
        base.executemany(
            "INSERT INTO stay VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [_stay(n, person) for n, person in enumerate(persons(in_bed))],
        )
        base.execute("COMMIT")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def persons(count: int, seed: int = 7) -> Iterator[Person]:
    """IPP, name, first name, birth date; the same for the same seed."""
    draw = random.Random(seed)
    for number in range(count):
        name = draw.choice(_SYLLABLES) + draw.choice(_SYLLABLES) + draw.choice(_ENDS)
        born = f"{draw.randrange(1925, 2026)}{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}"
        yield f"{number:08d}", name, draw.choice(_FIRST), born


def _patient(number: int, person: Person) -> tuple[object, ...]:
    ipp, name, first, born = person
    who = person_id(AUTHORITY, ipp)
    traits = [name, "", first, born, "F", "", "VALI"]
    versions = [[1, 0, number, traits]]
    write = json.dumps
    return who, AUTHORITY, ipp, who, write(traits), number, write(versions), "[-1,-1,[]]", 0


def _terms(person: Person) -> list[tuple[str, str, int]]:
    ipp, name, first, born = person
    who = person_id(AUTHORITY, ipp)
    return [("i", ipp, who), ("n", fold(f"{name} {first}"), who), ("d", born, who)]


def _stay(number: int, person: Person) -> tuple[object, ...]:
    ipp, name, first, _ = person
    unit, bed = _unit(number), f"B{number % 25:02d}"
    who = person_id(AUTHORITY, ipp)
    folded = fold(f"{name} {first}")
    return f"|V{number}", f"V{number}", who, 1, "I", unit, "", bed, 0, 0, number, folded


def measure() -> list[Row]:
    """p99 of each kind of look-up, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "views.sqlite3"
        build(path)
        views = Views(path)
        asked = random.Random(11).sample(list(persons(PATIENTS)), LOOKUPS)
        present = random.Random(12).choices(list(persons(IN_BED)), k=LOOKUPS)
        kinds: dict[str, Callable[[Person, Person], object]] = {
            "number": lambda one, _: views.find(one[0], limit=10),
            "birth_date": lambda one, _: views.find(one[3], limit=10),
            "full_name": lambda one, _: views.find(f"{one[1]} {one[2]}", limit=10),
            "prefix": lambda one, _: views.find(one[1][:4], limit=10),
            "name_in_ward": lambda _, here: views.find(here[1], wards=[_unit(int(here[0]))]),
            "file": lambda _, here: views.patient(_key(here), _NOW),
        }  # fmt: skip
        rows = [
            Row(f"lookup.{name}_p99_at_1M", _p99(look, asked, present), "ms", "<=", 1.0)
            for name, look in kinds.items()
        ]
        views.close()
    return rows


def _unit(number: int) -> str:
    return f"U{number // 25:03d}"


def _key(person: Person) -> str:
    return f"{person_id(AUTHORITY, person[0]) & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def _p99(
    look: Callable[[Person, Person], object], asked: list[Person], here: list[Person]
) -> float:
    times: list[float] = []
    for one, present in zip(asked, here, strict=True):
        start = time.perf_counter()
        assert look(one, present)
        times.append(time.perf_counter() - start)
    warm = sorted(times[100:])
    return warm[int(len(warm) * 0.99)] * 1000


if __name__ == "__main__":
    for row in measure():
        print(f"{row.id:32} {row.value:8.3f} {row.unit} ({row.op} {row.goal})")

"""Wards made for the kits' tests: states of every kind, homonyms, names that attack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from releve.care.sheet import (
    SECTIONS,
    PatientSheet,
    Row,
    Section,
    State,
    Stay,
    Traits,
    Value,
    WardSheet,
)

NOW = datetime(2026, 11, 22, 0, 12, 30, 123456, tzinfo=UTC)
PERIOD = timedelta(minutes=5)
#: Found nowhere else: its presence in a file is a leak.
MARKER = "ZZMARQUEZZ"
HOSTILE = (
    "<img src=x onerror=document.title='perdu'>",
    "</script><script>document.title='perdu'</script>",
    '"><svg/onload=alert(1)>',
    "javascript:alert(1)",
    "{{7*7}} #panic() $x$ *gras* _souligné_ `brut`",
    "\u202eesrever\u202c DUPONT",
    "ZÉRO\u200bLARGEUR\x1b[2J\x00",
    "=cmd|' /C calc'!A0",
    "é" * 300,
    "N" * 120,
    "مريض 病人 Ω",
)


def section(name: str, state: State, *rows: Row) -> Section:
    """A section heard three minutes ago."""
    as_of = NOW - timedelta(minutes=3) if state is not State.NEVER else None
    heard = NOW - timedelta(hours=7) if state is State.SILENT else as_of
    return Section(name, state, rows, as_of, heard)


def row(*texts: tuple[str, str], source: int, ended: bool = False, status: str = "") -> Row:
    """A row whose first text leads it."""
    values = tuple(Value(name, text, f"RXE-{i}", source) for i, (name, text) in enumerate(texts, 1))
    when = NOW - timedelta(hours=2)
    return Row(values, when, NOW - timedelta(hours=1), source, status, ended)


def patient(number: int, family: str = "", *, rows: int = 3) -> PatientSheet:
    """A patient in bed B<number>; the states of the sections turn with the number."""
    n = number
    sections = {
        "allergies": section(
            "allergies", State.RECEIVED, row(("allergène", "PÉNICILLINE"), source=n)
        )
        if n % 3 == 1
        else section("allergies", State.NONE_STATED)
        if n % 3 == 2
        else section("allergies", State.NEVER),
        "treatments": section(
            "treatments",
            State.RECEIVED,
            *(
                row(
                    ("produit", f"HÉPARINE {5000 + i} UI"),
                    ("posologie", "2 fois par jour"),
                    ("voie", "sous-cutanée"),
                    source=1000 * n + i,
                    ended=i == 2,
                )
                for i in range(rows)
            ),
        )
        if n % 2
        else section("treatments", State.NEVER),
        "results": section(
            "results",
            State.SILENT,
            row(
                ("examen", "Potassium"),
                ("valeur", "3.9"),
                ("unité", "mmol/L"),
                source=n,
                status="F",
            ),
        ),
        "documents": section("documents", State.NEVER),
    }
    return PatientSheet(
        key=f"{number:016x}",
        traits=Traits(
            ipp=f"99{number:06d}",
            name=family or f"DUPONT-{number:04d}",
            birth_name="MARTIN" if number == 1 else "",
            first_names="Élise",
            born="19510412",
            sex="F" if number % 2 else "M",
            ins="",
            identity_status="PROV",
            source=number,
        ),
        stay=Stay(f"V{number}", "CHIR-B", f"{number:02d}", f"B{number:02d}", NOW, number),
        sections=tuple(sections[name] for name in SECTIONS),
        homonyms=("B02",) if number == 1 else ("B01",) if number == 2 else (),
        merged=("99000999",) if number == 4 else (),
        unread=1 if number == 3 else 0,
    )


def ward(patients: int = 12, code: str = "CHIR-B", *, rows: int = 3) -> WardSheet:
    """A ward whose last message came three minutes before :data:`NOW`."""
    made = tuple(patient(n, MARKER if n == 5 else "", rows=rows) for n in range(1, patients + 1))
    return WardSheet(code, made, NOW - timedelta(minutes=3), 4812)


def hostile_ward() -> WardSheet:
    """Every hostile text as a name, a first name, a number, a bed, a value and a section's row."""
    made = []
    for n, text in enumerate(HOSTILE, 1):
        each = patient(n, text)
        stay = each.stay
        assert stay is not None
        sections = tuple(
            section(s.name, State.RECEIVED, row((text, text), (text, text), source=n))
            for s in each.sections
        )
        made.append(
            replace(
                each,
                traits=replace(each.traits, first_names=text, ipp=text[:40], born=text[:20]),
                stay=replace(stay, bed=text[:20], visit=text[:40]),
                sections=sections,
                homonyms=(text[:20],),
                merged=(text[:40],),
            )
        )
    return WardSheet("<CHIR/../B>", tuple(made), NOW, 1)

"""How one editor's record system writes what another writes otherwise: a set drawn by the seed.

Everything here is allowed by IHE PAM France 2.11.2 or seen in feeds: a reader that holds only for
one set holds for one editor.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from releve.kernel.errors import BadInput


@dataclass(frozen=True)
class Habits:
    """``charset`` is MSH-18 as written, ``codec`` Python's name for it."""

    name: str
    record_system: str
    laboratory: str
    facility: str
    version: str
    charset: str
    codec: str
    #: Digits of a date-time: to the second, with its offset, or to the minute.
    dates: Literal["second", "offset", "minute"]
    #: PV1-3: unit^room^bed^site; or with building and floor in components 7 and 8.
    location: Literal["plain", "building"]
    #: Room and bed as two components (« 101 », « P ») or the bed's whole name in the third.
    bed: Literal["split", "whole"]
    zfa: bool
    zfd: bool
    #: A08 (update) carries the current movement's ZBE, or none.
    zbe_on_update: bool
    #: EVN-1 and PID-1 are filled.
    old_fields: bool
    #: Prescriptions: RDE^O11 (RXE) or OMP^O09 (RXO).
    prescription: Literal["RDE", "OMP"]
    #: How « aucune allergie connue » is affirmed, AL1-3.
    no_allergy: str
    #: Escapes: formatting ``\.br\`` in texts, and hexadecimal for the apostrophe.
    hexadecimal: bool
    #: Birth date as YYYYMMDD, or with a midnight behind.
    birth_midnight: bool


_SETS = (
    Habits(
        name="brumes",
        record_system="DPI-BRUMES",
        laboratory="SGL-ARGUS",
        facility="CHVALBRUME",
        version="2.5^FRA^2.11",
        charset="UNICODE UTF-8",
        codec="utf-8",
        dates="second",
        location="plain",
        bed="split",
        zfa=True,
        zfd=True,
        zbe_on_update=True,
        old_fields=False,
        prescription="RDE",
        no_allergy="716186003^Aucune allergie connue^SCT",
        hexadecimal=False,
        birth_midnight=False,
    ),
    Habits(
        name="roseraie",
        record_system="HORUS",
        laboratory="LABO",
        facility="990000010",
        version="2.5^FRA^2.10",
        charset="8859/1",
        codec="latin-1",
        dates="minute",
        location="building",
        bed="whole",
        zfa=False,
        zfd=True,
        zbe_on_update=False,
        old_fields=True,
        prescription="OMP",
        no_allergy="NKA^Aucune allergie connue^L",
        hexadecimal=True,
        birth_midnight=True,
    ),
    Habits(
        name="falaise",
        record_system="DOSSIER.SOINS",
        laboratory="BIOLOGIE",
        facility="GH VALBRUME",
        version="2.5",
        charset="8859/15",
        codec="iso8859-15",
        dates="offset",
        location="plain",
        bed="whole",
        zfa=False,
        zfd=False,
        zbe_on_update=True,
        old_fields=True,
        prescription="RDE",
        no_allergy="^Aucune allergie connue",
        hexadecimal=False,
        birth_midnight=False,
    ),
    Habits(
        name="garenne",
        record_system="GARENNE_DPI",
        laboratory="GARENNE_BIO",
        facility="VALBRUME",
        version="2.5^FRA^2.11.2",
        charset="UNICODE UTF-8",
        codec="utf-8",
        dates="offset",
        location="building",
        bed="split",
        zfa=True,
        zfd=False,
        zbe_on_update=False,
        old_fields=False,
        prescription="OMP",
        no_allergy="716186003^Aucune allergie connue^SCT",
        hexadecimal=True,
        birth_midnight=True,
    ),
)
HABITS = {habits.name: habits for habits in _SETS}


def habits_of(seed: int, forced: str = "") -> Habits:
    """The set of that name, or the one the seed draws; raises ``BadInput`` for an unknown name."""
    if not forced:
        return Random(f"{seed}/his/habits").choice(_SETS)  # noqa: S311 (a story, nothing secret)
    if forced not in HABITS:
        fix = f"Connues : {', '.join(HABITS)}."
        raise BadInput(where="habits", what=f"« {forced} » inconnues", fix=fix)
    return HABITS[forced]

"""Typed identifiers. A FINESS number names an establishment; the test ones name none."""

from __future__ import annotations

import re
import secrets
from typing import NewType

from releve.kernel.errors import ReleveError

HomeId = NewType("HomeId", str)
MachineName = NewType("MachineName", str)
Finess = NewType("Finess", str)

#: No French department uses 99 as its FINESS prefix: numbers under it name nobody.
TEST_FINESS_PREFIX = "99"
#: The fictional legal entity: what a drill home signs under when nothing else is said.
DRILL_FINESS = Finess("990000010")
#: The only numbers a drill home may sign under: the fictional Centre hospitalier de Valbrume and
#: its sites.
TEST_FINESS: dict[Finess, str] = {
    DRILL_FINESS: "Centre hospitalier de Valbrume (EJ fictive)",
    Finess("990000028"): "Valbrume, site principal (EG fictif)",
    Finess("990000036"): "Valbrume, second site (EG fictif)",
    Finess("990000044"): "EHPAD de Valbrume (EG fictif)",
}


class BadFiness(ReleveError):
    """« {text} » n'est pas un numéro FINESS : {why}."""

    next_step = "Recopiez les neuf caractères depuis le répertoire FINESS de l'établissement."


class BadMachineName(ReleveError):
    """« {text} » ne peut pas nommer une machine."""

    next_step = "Employez 1 à 63 lettres sans accent, chiffres ou tirets, par exemple PC-LABO-04."


def finess(text: str) -> Finess:
    """Check the form and the key (Luhn; the A and B of Corsica count as 1 and 2).

    Source: répertoire FINESS, nine characters: department, sequence, key.
    """
    if not re.fullmatch(r"[0-9](?:[0-9]|[ABab])[0-9]{7}", text):
        raise BadFiness(text=text, why="il faut neuf caractères : département, rang, clé")
    digits = [int(c) if c.isdigit() else "AB".index(c.upper()) + 1 for c in text]
    if _luhn_sum(digits) % 10:
        raise BadFiness(text=text, why="la clé (dernier chiffre) ne correspond pas")
    return Finess(text.upper())


def _luhn_sum(digits: list[int]) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total


def is_test_finess(number: Finess) -> bool:
    """True for numbers that name no establishment; a real home refuses them, a drill home refuses
    all others.
    """
    return number in TEST_FINESS


def machine_name(text: str) -> MachineName:
    """Check a machine's name: it becomes a folder and a user name, so nothing but letters, digits,
    hyphens.
    """
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", text):
        raise BadMachineName(text=text)
    return MachineName(text)


def new_home_id() -> HomeId:
    """128 random bits, in hexadecimal."""
    return HomeId(secrets.token_hex(16))

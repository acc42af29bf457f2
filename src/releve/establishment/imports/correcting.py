"""A person's line, corrected by hand: what an import will then never overwrite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from releve.establishment import inventory
from releve.establishment.folder import read_bytes
from releve.establishment.imports.errors import NoSuchLine
from releve.establishment.imports.keeping import standing
from releve.establishment.imports.phones import read_phones
from releve.establishment.imports.staff import FIELDS
from releve.establishment.model import Person
from releve.establishment.store import Generation, amend
from releve.establishment.words import cleaned, hidden_in, is_live
from releve.kernel.errors import BadInput
from releve.kernel.home import Home

#: What a page lets a person change.
CORRECTED = ("service", "profession", "phone", "other_phones", "email")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def person(home: Home, number: str) -> Person:
    """Raises :class:`NoSuchLine`."""
    known = standing(home).establishment
    found = next((p for p in known.people if p.id == number), None) if known else None
    if found is None:
        raise NoSuchLine(who=number)
    return found


def correct(home: Home, number: str, typed: Mapping[str, str], now: datetime) -> Generation:
    """Write what was typed of one person; raises ``BadInput``, ``NoSuchLine``, ``Overtaken``."""
    person(home, number)
    stands = standing(home)
    table = stands.table(inventory.PEOPLE, ("id", *FIELDS))
    rows = table.rows()
    rows[number] |= checked(typed)
    known = {fault.kind for fault in read_bytes(stands.files).faults}
    files = {inventory.PEOPLE: table.written(rows)}
    return amend(home, files, now, seen=stands.number, tolerated=known)[0]


def checked(typed: Mapping[str, str]) -> dict[str, str]:
    """The fields as they are kept; raises ``BadInput``."""
    after = {}
    for name in CORRECTED:
        text = typed.get(name, "").strip()
        if hidden_in(text) or is_live(text) or len(text) > 200:
            fix = "Retapez cette valeur au clavier."
            raise BadInput(where=_WORDS[name], what="cette valeur ne peut pas être gardée", fix=fix)
        after[name] = cleaned(text)
    numbers = [*read_phones(after["phone"], inside=True).all]
    if after["phone"] and len(numbers) != 1:
        fix = "Un seul numéro : dix chiffres (06 39 98 00 12), +33…, ou un poste de 2 à 6 chiffres."
        raise BadInput(where="téléphone", what=f"« {after['phone']} » n'est pas un numéro", fix=fix)
    after["phone"] = numbers[0] if numbers else ""
    others = read_phones(after["other_phones"], inside=True)
    if others.left or (after["other_phones"] and not others.all):
        fix = "Des numéros séparés par « / »."
        raise BadInput(where="autres numéros", what="ils ne se lisent pas", fix=fix)
    after["other_phones"] = " / ".join(others.all)
    if after["email"] and not _EMAIL.fullmatch(after["email"]):
        fix = "Écrivez nom@domaine.fr, ou rien."
        raise BadInput(where="adresse", what="elle n'est pas de la bonne forme", fix=fix)
    return after


_WORDS = {
    "service": "service",
    "profession": "profession",
    "phone": "téléphone",
    "other_phones": "autres numéros",
    "email": "adresse",
}

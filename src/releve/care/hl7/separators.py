"""The characters that cut a message, as its MSH-1 and MSH-2 declare them (HL7 2.5 §2.5.4)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from releve.care.hl7.errors import NotHl7

#: Stands for a separator the sender does not declare: no segment can hold a carriage return.
UNUSED = "\r"

_ASK = "Demandez à l'émetteur un en-tête « MSH|^~\\&|… » ; le message est gardé tel quel."


class Separators(NamedTuple):
    """One character each; :data:`UNUSED` when MSH-2 is too short to declare it."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str
    truncation: str


@lru_cache(maxsize=256)
def read_separators(header: bytes, octet: int) -> Separators:
    """From ``MSH|^~\\&|``: the name, MSH-1, MSH-2 and the separator that closes it.

    ``octet`` is where the header starts, for the error. MSH-2 has 2 to 5 characters: HL7 2.5 lets
    escape and subcomponent be left out, 2.7 adds truncation.
    """
    declared = header[3:-1].decode("latin-1")
    if "\r" in declared or "\n" in declared:
        raise NotHl7(what="l'en-tête MSH s'arrête avant MSH-3", octet=octet + 3, fix=_ASK)
    if not 3 <= len(declared) <= 6:
        what = f"MSH-2 déclare {len(declared) - 1} séparateurs au lieu de 2 à 5"
        raise NotHl7(what=what, octet=octet + 4, fix=_ASK)
    for place, character in enumerate(declared):
        if not "!" <= character <= "~" or character.isalnum() or character == '"':
            what = f"{character!r} ne peut pas servir de séparateur"
            raise NotHl7(what=what, octet=octet + 3 + place, fix=_ASK)
        if character in declared[:place]:
            what = f"le séparateur « {character} » est déclaré deux fois"
            raise NotHl7(what=what, octet=octet + 3 + place, fix=_ASK)
    return Separators(*declared.ljust(6, UNUSED))

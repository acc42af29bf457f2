"""An agenda's subject that says both the rota and the person: « Astreinte DSI : NOM Prénom »."""

from __future__ import annotations

import re
from dataclasses import dataclass

from releve.establishment.imports.named import Named, is_nobody
from releve.establishment.words import key

_CUT = re.compile(r"\s*[:|()\[\];]\s*|\s+[-–—]\s+|\s*[–—]\s*")
_DUTY = re.compile(r"\b(astreintes?|gardes?|permanences?)\b")
_OTHER = re.compile(
    r"\b(reunions?|conges?|formations?|rtt|absen\w+|repos|visites?|rendez vous|rdv|anniversaire|"
    r"echange|relance|comite)\b"
)


@dataclass(frozen=True)
class Subject:
    """``person`` empty = nobody is named; ``rota`` empty = no rota is. ``duty``: whether it speaks
    of an on-call duty at all.
    """

    person: str = ""
    rota: str = ""
    duty: bool = False


def read_subject(text: str, named: Named) -> Subject:
    """What a subject says."""
    parts = [part for part in (each.strip(" ,.") for each in _CUT.split(text)) if part]
    people = [part for part in parts if named.known(part)]
    rest = [part for part in parts if part not in people]
    if not people and (found := _at_an_end(parts, named)):
        people, rest = [found[0]], [part for part in found[1] if part]
    said = key(text)
    duty = _DUTY.search(said) is not None and not _OTHER.search(said)
    rota = " ".join(part for part in rest if _DUTY.search(key(part)))
    if people:
        plain = not rest
        return Subject(" / ".join(people), rota, duty or plain)
    return Subject(_unknown([part for part in rest if part != rota]), rota, duty)


def _unknown(rest: list[str]) -> str:
    """A name that nobody has, else « à définir »."""
    return next((part for part in rest if not is_nobody(part)), rest[0] if rest else "")


def _at_an_end(parts: list[str], named: Named) -> tuple[str, list[str]] | None:
    """« Astreinte DSI NOM Prénom », without anything between."""
    for place, part in enumerate(parts):
        words = part.split()
        for size in (4, 3, 2):
            if size >= len(words):
                continue
            for name, other in (
                (words[-size:], words[:-size]),
                (words[:size], words[size:]),
            ):
                if named.known(" ".join(name)):
                    left = [*parts[:place], " ".join(other), *parts[place + 1 :]]
                    return " ".join(name), left
    return None

"""What a copy bears that can change: each person, each crisis number, each rota, as a digest.

Kept beside the copy when it is made; compared later with what the same copy would bear now: a copy
is to be replaced when somebody printed on it has left, arrived, or has another number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from releve.establishment import Establishment
from releve.establishment.contacts import CrisisContact, asked
from releve.incident.binder.material import Variant
from releve.incident.binder.reach import AHEAD, named, pairs, personal

_PERSON, _CONTACT, _ROTA = "personne:", "numero:", "tour:"


@dataclass(frozen=True)
class Printed:
    """What decides: ``wards`` as they were asked (empty: all), ``made`` when the copy was."""

    variant: Variant
    wards: tuple[str, ...]
    made: datetime

    def digests(
        self, establishment: Establishment, contacts: Mapping[str, CrisisContact]
    ) -> dict[str, str]:
        """key → 16 hexadecimal digits."""
        found = {
            _PERSON + one.id: _digest(named(one), one.service, self._shown(one.phone))
            for one in establishment.people
            if not self.wards or one.service in self.wards
        }
        found |= {
            _CONTACT + one.slug: _digest(one.name, self._shown(one.phone), one.hours)
            for one in contacts.values()
        }
        if self.variant is Variant.CELL:
            found |= self._rotas(establishment)
        return found

    def _shown(self, phone: str) -> str:
        if personal(phone) and self.variant is Variant.SERVICE:
            return "mobile"
        return pairs(phone)

    def _rotas(self, establishment: Establishment) -> dict[str, str]:
        """The turns of the eight weeks that the copy shows."""
        turns: dict[str, list[str]] = {}
        for watch in establishment.watches:
            if watch.end > self.made and watch.start < self.made + AHEAD:
                said = f"{watch.start.isoformat()} {watch.end.isoformat()} {' '.join(watch.people)}"
                turns.setdefault(watch.rota, []).append(said)
        return {_ROTA + rota: _digest(*sorted(said)) for rota, said in turns.items()}


def changes(
    before: Mapping[str, str], now: Mapping[str, str], establishment: Establishment
) -> tuple[str, ...]:
    """What is different, in words: « Élise MARTIN : autre numéro ou autre service », « ARS… »."""
    names = {_PERSON + one.id: named(one) for one in establishment.people}
    labels = {_CONTACT + one.slug: one.label for one in asked()}
    told = []
    for key in sorted({*before, *now}):
        if before.get(key) == now.get(key):
            continue
        whose = names.get(key) or labels.get(key) or key.partition(":")[2]
        told.append(f"{whose} : {_how(key, before, now)}")
    return tuple(told)


def _how(key: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    if key.startswith(_ROTA):
        return "gardes changées"
    if key not in before:
        return "n'est pas sur cet exemplaire"
    return "a changé" if key in now else "n'y est plus"


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:16]

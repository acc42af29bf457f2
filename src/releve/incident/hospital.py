"""What the crisis reads of the hospital's folder: its gates, and whom to call now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from releve.establishment import Establishment, current, stored
from releve.establishment.contacts import contacts_of
from releve.establishment.errors import EstablishmentError, StoreDamaged
from releve.establishment.store import stored_files
from releve.incident.binder.rules import national
from releve.incident.steps import Step
from releve.kernel.home import Home


@dataclass(frozen=True)
class Contact:
    """Somebody on watch; ``phone`` as written in the folder, in pairs, empty when it is not."""

    name: str
    phone: str

    @property
    def dial(self) -> str:
        """What a telephone dials: digits and a leading +; empty when there is no such thing."""
        kept = "".join(c for c in self.phone.partition("/")[0] if c in "+0123456789")
        return kept if 2 <= len(kept) <= 15 else ""


def hospital(home: Home) -> Establishment | None:
    """The folder that counts, read again only when another one was loaded; None before one is, or
    when it cannot be read: that must not shut the crisis's page (``doctor`` says it).
    """
    try:
        return _read(home, str(current(home)))
    except StoreDamaged:
        return None


def to_call(
    home: Home, step: Step, now: datetime, numbers: Mapping[str, Contact] | None = None
) -> tuple[Contact, ...]:
    """Who is on watch at ``now`` in the step's rota, else those of the step's contacts that
    ``numbers`` (the hospital's crisis numbers, by key) holds; nobody when neither says.
    """
    watching = _on_watch(home, step, now)
    listed = numbers or {}
    return watching or tuple(listed[key] for key in step.contact if key in listed)


def numbers(home: Home) -> Mapping[str, Contact]:
    """The numbers of a crisis by key: the country's, then the hospital's own, which win; without
    those that nobody knows, or that it says it has not.
    """
    found = {slug: Contact(each.name, each.phone) for slug, each in national().items()}
    try:
        return found | _own(home, str(current(home)))
    except EstablishmentError:
        return found


def _on_watch(home: Home, step: Step, now: datetime) -> tuple[Contact, ...]:
    found = hospital(home)
    if found is None or not step.rota:
        return ()
    wanted = step.rota.casefold()
    rotas = sorted({watch.rota for watch in found.watches if watch.rota.casefold() == wanted})
    people = {person.id: person for person in found.people}
    ids = dict.fromkeys(who for rota in rotas for who in found.on_call(rota, now))
    return tuple(
        Contact(
            f"{people[who].first_name} {people[who].last_name}".strip(), _pairs(people[who].phone)
        )
        for who in ids
        if who in people
    )


def _pairs(phone: str) -> str:
    digits = "".join(c for c in phone if c.isdigit())
    if len(digits) != 10 or phone.strip().startswith("+"):
        return phone.strip()
    return " ".join(digits[at : at + 2] for at in range(0, 10, 2))


@lru_cache(maxsize=4)
def _own(home: Home, generation: str) -> dict[str, Contact]:
    known = contacts_of(stored_files(home)).values()
    return {
        each.slug: Contact(each.name, _pairs(each.phone))
        for each in known
        if each.phone and not each.none
    }


@lru_cache(maxsize=4)
def _read(home: Home, generation: str) -> Establishment | None:
    return stored(home)

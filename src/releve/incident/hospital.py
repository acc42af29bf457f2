"""What the crisis reads of the hospital's folder: its gates, and whom to call now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from releve.establishment import Establishment, current, stored
from releve.establishment.changes import Change, changes
from releve.establishment.contacts import contacts_of
from releve.establishment.errors import EstablishmentError, StoreDamaged
from releve.establishment.imports.phones import read_phones
from releve.establishment.numbering import plain
from releve.establishment.store import stored_files
from releve.incident.binder.rules import national
from releve.incident.steps import Step
from releve.kernel.home import Home


@dataclass(frozen=True)
class Contact:
    """Somebody on watch; ``phone`` as written in the folder, in pairs, empty when it is not;
    ``change``: when a crisis number was last changed, while that is still to be told.
    """

    name: str
    phone: str
    change: Change | None = None

    @property
    def dial(self) -> str:
        """What a telephone dials: digits and a leading +; empty when the text does not hold exactly
        one outside line, or one extension and no line.
        """
        text = self.phone.strip()
        if re.fullmatch(r"[0-9]{2,6}", text):
            return text
        found = read_phones(text)
        one = found.numbers or found.extensions
        if len(one) != 1 or found.left:
            return ""
        digits = plain(one[0])
        if digits.startswith("00"):
            return f"+{digits[2:]}"
        abroad = re.search(r"(?:\+|\b00)\s*33", text) is not None
        return f"+33{digits[1:]}" if found.numbers and abroad else digits


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


def numbers(home: Home, now: datetime) -> Mapping[str, Contact]:
    """The numbers of a crisis by key: the country's, then the hospital's own, which win; without
    those that nobody knows, or that it says it has not. Those changed of late say so.
    """
    found = {slug: Contact(each.name, each.phone) for slug, each in national().items()}
    try:
        own, told = _own(home, str(current(home))), changes(home, now)
    except EstablishmentError:
        return found
    return found | {slug: replace(each, change=told.get(slug)) for slug, each in own.items()}


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

"""The gates of the recovery order: no plan crosses one that no named person has closed.

They are those of the hospital's own folder (``establishment.toml``, ``[[gate]]``); before one is
loaded, the two that every recovery needs. Source: threats.md 15; ANSSI, « Remédiation »
(endiguement, éviction, éradication, reconstruction).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from releve.establishment import Gate as Declared
from releve.incident.errors import UnknownGate
from releve.incident.hospital import hospital
from releve.kernel.home import Home


@dataclass(frozen=True)
class Gate:
    """``words`` is its name in plans and in the ledger (``detail.gate``), ``slug`` the same in
    addresses; ``asks`` is what the person who closes it affirms.
    """

    slug: str
    words: str
    asks: str


_AFFIRMED = {
    "identité assainie": (
        "L'annuaire, ses comptes d'administration et ses clés ont été refaits ou vérifiés."
    ),
    "zone propre": (
        "Un réseau isolé, sans machine ni compte venus de l'ancien, attend ce qu'on restaure."
    ),
}
GATES = tuple(
    Gate(slug, words, asks)
    for slug, (words, asks) in zip(
        ("identite-assainie", "zone-propre"), _AFFIRMED.items(), strict=True
    )
)


def gates_of(home: Home) -> tuple[Gate, ...]:
    """The gates that count in ``home``."""
    found = hospital(home)
    return from_declared(found.gates) if found else GATES


def gate_named(home: Home, slug: str) -> Gate:
    """Raises :class:`~releve.incident.errors.UnknownGate`."""
    known = gates_of(home)
    for gate in known:
        if gate.slug == slug:
            return gate
    raise UnknownGate(slug=slug[:40], known=", ".join(gate.slug for gate in known))


def from_declared(gates: Iterable[Declared]) -> tuple[Gate, ...]:
    """Each with an address of its own; the two usual ones when the folder declares none."""
    made: dict[str, Gate] = {}
    for gate in gates:
        slug = _slug(gate.name)
        while slug in made:
            slug += "-"
        asks = _AFFIRMED.get(gate.name) or f"À confirmer par : {gate.keeper}."
        made[slug] = Gate(slug, gate.name, asks)
    return tuple(made.values()) or GATES


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "porte"

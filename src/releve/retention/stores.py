"""The stores of a home: what each holds, why, how long, under which key, how it is destroyed.

Two tables: the one shipped with the program (``retention.toml`` beside this file) and the home's
own (``HOME/retention/retention.toml``), which may change purpose, basis and duration, and holds
signatures.
A signature is over the whole line: what is changed afterwards is not signed any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase

import rfc8785

from releve.retention.errors import UnknownStore


class Destruction(StrEnum):
    """How what is too old in a store ends."""

    MONTH = "month"
    REMADE = "remade"
    SALTS = "salts"
    EMPTIED = "emptied"
    AGE = "age"
    SWEPT = "swept"
    NONE = "none"

    @property
    def words(self) -> str:
        """What people read."""
        return _DESTRUCTION[self]


_DESTRUCTION = {
    Destruction.MONTH: "la clé du mois est détruite : le contenu n'existe plus, ni ici ni en copie",
    Destruction.REMADE: "refait sans les mois purgés, l'ancien effacé",
    Destruction.SALTS: "sels détruits : la preuve reste, plus rien ne la relie à la personne",
    Destruction.EMPTIED: "vidé à chaque purge",
    Destruction.AGE: "fichiers plus vieux que la durée effacés",
    Destruction.SWEPT: "effacé tout seul passé ce temps, la garde regarde chaque heure",
    Destruction.NONE: "rien ne s'y efface par l'âge",
}
_STATUS = {
    "in_force": "en vigueur",
    "bill": "projet de loi",
    "programme": "programme",
    "recommendation": "recommandation",
    "unknown": "non vérifié",
}
_KEYS = {
    "month": "une clé par mois de réception",
    "window": "une clé par service et par fenêtre de code",
    "page": "une clé par document, gardée par la page seule",
    "repository": "un mot de passe par machine",
    "none": "aucune : en clair ; chiffrer le disque est à la charge de l'hôpital",
}


@dataclass(frozen=True)
class Signature:
    """Who signed a line, and which line: ``line`` is the digest, ``months`` its duration then."""

    name: str
    function: str
    on: date
    line: str
    months: int | None


@dataclass(frozen=True)
class Store:
    """One line. ``months`` None with neither ``follows``, ``life`` nor ``hours`` = not decided.
    ``hours`` is the program's own: it is not for a home to change.

    ``paths`` and ``tables`` are patterns where « * » crosses « / ». ``shipped`` is the duration
    that the program proposes.
    """

    id: str
    name: str
    holds: str
    people: str
    purpose: str
    basis: str
    key: str
    destruction: Destruction
    source: str
    status: str
    paths: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    months: int | None = None
    follows: str = ""
    life: bool = False
    hours: int | None = None
    outside: bool = False
    shipped: int | None = None
    signature: Signature | None = None

    @property
    def line(self) -> str:
        """The digest that is signed: SHA-256 of all that the line says."""
        said = {
            "id": self.id,
            "name": self.name,
            "holds": self.holds,
            "purpose": self.purpose,
            "basis": self.basis,
            "months": self.months,
            "with": self.follows,
            "life": self.life,
            "hours": self.hours,
            "key": self.key,
            "destruction": self.destruction.value,
        }
        return hashlib.sha256(rfc8785.dumps(said)).hexdigest()

    @property
    def signed(self) -> bool:
        """Whether this very line was signed."""
        return self.signature is not None and self.signature.line == self.line

    @property
    def decided(self) -> bool:
        """Whether somebody, program or hospital, proposes a duration."""
        return self.fixed or self.months is not None

    @property
    def fixed(self) -> bool:
        """Whether its duration is not a number of months that a home may change."""
        return self.life or bool(self.follows) or self.hours is not None

    @property
    def key_words(self) -> str:
        """What enciphers it, in words."""
        return _KEYS[self.key]

    @property
    def status_words(self) -> str:
        """How sure the source is, in words."""
        return _STATUS[self.status]

    @property
    def baseline(self) -> int | None:
        """The duration below which two people decide: the last signed, else the shipped; None = no
        end was ever agreed.
        """
        return self.signature.months if self.signature else self.shipped

    def shortened_by(self, months: int) -> bool:
        """Whether ``months`` ends it sooner than what was agreed."""
        before = self.baseline
        return before is None or months < before


@dataclass(frozen=True)
class Rules:
    """Every store, in order, and how long an open stay may hold a month beyond its term."""

    stores: tuple[Store, ...]
    open_stay_months: int

    def store(self, id: str) -> Store:
        """Raises :class:`~releve.retention.errors.UnknownStore`."""
        for store in self.stores:
            if store.id == id:
                return store
        raise UnknownStore(id=id, known=", ".join(store.id for store in self.stores))

    def months_of(self, store: Store) -> int | None:
        """The duration in force, that of the store it follows; None = no end."""
        return self.months_of(self.store(store.follows)) if store.follows else store.months

    def signed(self, store: Store) -> bool:
        """Whether its line is signed, and that of the store it follows."""
        return store.signed and (not store.follows or self.signed(self.store(store.follows)))

    def of_path(self, path: str) -> Store | None:
        """The store of a path of the home (« care/views.sqlite3 »); the first pattern wins."""
        return _matching(self.stores, path, "paths")

    def of_table(self, table: str) -> Store | None:
        """The store of a table of the records."""
        return _matching(self.stores, table, "tables")


def duration_words(store: Store, rules: Rules) -> str:
    """« 18 mois », « 24 heures », « comme « … » (18 mois) », « non décidée »…"""
    if store.life:
        return "tant que vit le dossier"
    if store.follows:
        other = rules.store(store.follows)
        return f"comme « {other.name} » ({duration_words(other, rules)})"
    if store.hours is not None:
        return "1 heure" if store.hours == 1 else f"{store.hours} heures"
    return "non décidée" if store.months is None else f"{store.months} mois"


def signature_words(store: Store) -> str:
    """Who signed, or that nobody did."""
    if store.signature is None:
        return "non signée"
    by = store.signature
    who = f"{by.name}, {by.function}, le {by.on:%d/%m/%Y}"
    return f"signée par {who}" if store.signed else f"changée depuis la signature de {who}"


def _matching(stores: Sequence[Store], text: str, patterns: str) -> Store | None:
    for store in stores:
        if any(fnmatchcase(text, pattern) for pattern in getattr(store, patterns)):
            return store
    return None

"""Signing a line in the home's own table: comments and order of the file are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import tomlkit
from tomlkit.exceptions import TOMLKitError

from releve.kernel.durable import make_folder, write_durably
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, sole_writer
from releve.kernel.units import PARIS
from releve.retention.errors import RulesUnreadable, ShorteningNeedsTwo
from releve.retention.reading import FILE, own_path, read_own, read_rules, shipped
from releve.retention.stores import Rules, Signature, Store, duration_words

_HEAD = (
    "Ce que cet hôpital a décidé de garder, combien de temps, et qui l'a signé"
    " (docs/retention.md).\n"
)
_LONGEST = 120


@dataclass(frozen=True)
class Signer:
    """Who signs: a name and a function as they will stand in the table, and the day."""

    name: str
    function: str
    on: date

    def checked(self, now: datetime) -> Signer:
        """The same, cleaned; raises ``BadInput``."""
        name, function = (person_text(text) for text in (self.name, self.function))
        check_passed(self.on, now)
        return Signer(name, function, self.on)


def check_passed(day: date, now: datetime) -> None:
    """Raise ``BadInput`` for a day that has not begun, in Paris."""
    if day > now.astimezone(PARIS).date():
        fix = "Donnez le jour de la signature, au plus tard aujourd'hui."
        raise BadInput(where="date", what=f"le {day:%d/%m/%Y} n'est pas passé", fix=fix)


def person_text(text: str) -> str:
    """A name or a function on one line; raises ``BadInput``."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not clean or len(clean) > _LONGEST:
        fix = f"Écrivez le nom et la fonction en toutes lettres, {_LONGEST} signes au plus."
        raise BadInput(where="signature", what="un nom ou une fonction manque", fix=fix)
    return clean


def proposed(rules: Rules, id: str, months: int | None) -> Store:
    """The line as it would be signed with that duration (None: as it stands)."""
    store = rules.store(id)
    if months is None:
        return store
    if store.fixed:
        what = f"la durée de « {store.name} » est {duration_words(store, rules)}"
        raise BadInput(where=id, what=what, fix="Signez-la telle quelle, sans durée.")
    if not 1 <= months <= 1200:
        fix = "Donnez un nombre entier de mois, de 1 à 1200."
        raise BadInput(where=id, what=f"{months} mois n'est pas une durée", fix=fix)
    return replace(store, months=months)


def check_alone(rules: Rules, store: Store) -> None:
    """One person may sign this line: it ends nothing sooner than was agreed. Raises
    :class:`ShorteningNeedsTwo`.
    """
    if store.months is not None and store.shortened_by(store.months):
        before = store.baseline
        said = "une durée non décidée" if before is None else f"{before} mois"
        raise ShorteningNeedsTwo(name=store.name, before=said, after=f"{store.months} mois")


def sign(home: Home, id: str, by: Signer, months: int | None = None) -> Store:
    """Write the line's duration and its signature, durably; the line as signed. Whether one person
    is enough is the caller's question (:func:`check_alone`). Raises ``UnknownStore``,
    ``RulesUnreadable``, ``HomeBusy``.
    """
    with sole_writer(home, "retention"):
        rules = read_rules(home)
        store = proposed(rules, id, months)
        signed = replace(
            store, signature=Signature(by.name, by.function, by.on, store.line, store.months)
        )
        text = _written(home, signed)
        read_own(text.encode(), shipped())  # what was just made must be readable
        make_folder(own_path(home).parent)
        write_durably(own_path(home), text.encode(), mode=0o644)
        return signed


def _written(home: Home, store: Store) -> str:
    try:
        text = own_path(home).read_text("utf-8")
    except FileNotFoundError:
        document = tomlkit.document()
        document.add(tomlkit.comment(_HEAD.strip()))
    else:
        try:
            document = tomlkit.parse(text)
        except TOMLKitError as error:
            raise RulesUnreadable(file=FILE, why=error) from error
    lines = document.setdefault("store", tomlkit.table(is_super_table=True))
    line = lines.setdefault(store.id, tomlkit.table())
    if store.months is not None and not store.follows:
        line["months"] = store.months
    by = store.signature
    if by is not None:
        signed = tomlkit.table()
        signed["name"], signed["function"], signed["date"] = by.name, by.function, by.on
        signed["line"] = by.line
        if by.months is not None:
            signed["months"] = by.months
        line["signed"] = signed
    return tomlkit.dumps(document)

"""Reading the two tables: the program's, then the home's own over it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from releve.kernel.hold import FOLDER
from releve.kernel.home import Home
from releve.retention.errors import RulesUnreadable
from releve.retention.stores import Destruction, Rules, Signature, Store

FILE = "retention.toml"
_LONGEST_MONTHS = 1200
_MOST_BYTES = 256 * 1024
_MOST_TEXT = 600
_TEXTS = ("purpose", "basis")
_SIGNED = ("name", "function", "date", "line")


def own_path(home: Home) -> Path:
    """The home's own table; it may not be there."""
    return home.path / FOLDER / FILE


def read_rules(home: Home) -> Rules:
    """The rules of a home. Raises :class:`~releve.retention.errors.RulesUnreadable` naming what is
    wrong in its own table.
    """
    path, rules = own_path(home), shipped()
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return rules
    if len(data) > _MOST_BYTES:
        raise RulesUnreadable(file=FILE, why="il dépasse 256 Kio")
    return read_own(data, rules)


def read_own(data: bytes, rules: Rules) -> Rules:
    """The shipped rules as a home's own table changes and signs them."""
    try:
        found = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RulesUnreadable(file=FILE, why=error) from error
    lines = found.get("store", {})
    if not isinstance(lines, dict) or set(found) - {"store"}:
        raise RulesUnreadable(file=FILE, why='il ne contient que des tables [store."…"]')
    stores = {store.id: store for store in rules.stores}
    for id, line in lines.items():
        if id not in stores:
            raise RulesUnreadable(file=FILE, why=f"aucun magasin ne s'appelle « {id[:60]} »")
        stores[id] = _changed(stores[id], line)
    return replace(rules, stores=tuple(stores.values()))


@cache
def shipped() -> Rules:
    """The table of the program; nothing in it is signed."""
    found = tomllib.loads(Path(__file__).with_name(FILE).read_text("utf-8"))
    stores = tuple(_shipped(line) for line in found["store"])
    rules = Rules(stores, int(found["open_stay"]["months"]))
    for store in stores:
        if store.follows:
            rules.store(store.follows)
    return rules


def _shipped(line: Mapping[str, Any]) -> Store:
    fields = dict(line)
    fields["destruction"] = Destruction(fields["destruction"])
    fields["follows"] = fields.pop("with", "")
    for name in ("paths", "tables"):
        fields[name] = tuple(fields.get(name, ()))
    return Store(**fields, shipped=fields.get("months"))


def _changed(store: Store, line: object) -> Store:
    where = f'[store."{store.id}"]'
    if not isinstance(line, dict):
        raise RulesUnreadable(file=FILE, why=f"{where} n'est pas une table")
    unknown = set(line) - {*_TEXTS, "months", "signed"}
    if unknown:
        raise RulesUnreadable(file=FILE, why=f"{where} : « {sorted(unknown)[0][:60]} » inconnu")
    purpose, basis = (_text(where, name, line.get(name, getattr(store, name))) for name in _TEXTS)
    store = replace(store, purpose=purpose, basis=basis)
    if "months" in line:
        months = _months(where, line["months"])
        if store.fixed:
            why = f"{where} : sa durée suit le dossier, un autre magasin ou le programme"
            raise RulesUnreadable(file=FILE, why=why)
        store = replace(store, months=months)
    if "signed" in line:
        store = replace(store, signature=_signature(where, line["signed"]))
    return store


def _signature(where: str, found: object) -> Signature:
    if not isinstance(found, dict) or set(found) - {*_SIGNED, "months"}:
        raise RulesUnreadable(file=FILE, why=f"{where}.signed ne se lit pas")
    name, function, line = (
        _text(where, key, found.get(key)) for key in ("name", "function", "line")
    )
    on = found.get("date")
    if not isinstance(on, date):
        raise RulesUnreadable(file=FILE, why=f"{where}.signed : date attendue, AAAA-MM-JJ")
    months = found.get("months")
    return Signature(name, function, on, line, None if months is None else _months(where, months))


def _text(where: str, name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_TEXT:
        why = f"{where} : « {name} » est un texte, non vide, de {_MOST_TEXT} signes au plus"
        raise RulesUnreadable(file=FILE, why=why)
    return value.strip()


def _months(where: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST_MONTHS:
        why = f"{where} : « months » est un nombre entier de mois, de 1 à {_LONGEST_MONTHS}"
        raise RulesUnreadable(file=FILE, why=why)
    return value


__all__ = ["FILE", "own_path", "read_own", "read_rules", "shipped"]

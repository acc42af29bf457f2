"""A TOML file read strictly: every key is ticked off, what remains is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

from releve.kernel.errors import BadInput

T = TypeVar("T")


class Table:
    """A TOML table whose keys are ticked off as they are read; what remains is refused."""

    def __init__(self, path: Path, name: str, data: Mapping[str, object]) -> None:
        self.path, self.name = path, name
        self.data, self._left = data, set(data)

    def take(self, key: str, kind: type[T]) -> T:
        if key not in self.data:
            self.refuse(key, "manque", f"Ajoutez cette clé ({_words(kind)}).")
        value = self.data[key]
        self._left.discard(key)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.refuse(key, f"vaut {value!r}", f"Il faut {_words(kind)}.")
        return value

    def take_or(self, key: str, otherwise: str) -> str:
        return self.take(key, str) if key in self.data else otherwise

    def number(self, key: str, least: float) -> float:
        if isinstance(self.data.get(key), int) and not isinstance(self.data[key], bool):
            value = float(self.take(key, int))
        else:
            value = self.take(key, float)
        if not least <= value <= 86400:
            self.refuse(key, f"vaut {value:g}", f"Il faut un nombre entre {least:g} et 86400.")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        value = self.take(key, int)
        if not least <= value <= most:
            self.refuse(key, f"vaut {value}", f"Il faut un entier entre {least} et {most}.")
        return value

    def table(self, key: str) -> Table:
        return Table(self.path, key, self.take(key, dict))

    def finish(self) -> None:
        for key in sorted(self._left):
            self.refuse(key, "clé inconnue", "Ôtez-la ou corrigez son orthographe.")

    def refuse(self, key: str, what: str, fix: str) -> NoReturn:
        refuse(self.path, f"{f'{self.name}.' if self.name else ''}{key} : {what}", fix)


def _words(kind: type[object]) -> str:
    names: dict[type[object], str] = {
        str: "un texte",
        int: "un nombre entier",
        float: "un nombre",
        dict: "une table",
        list: "une liste",
        datetime: "une date et heure avec fuseau",
        date: "une date",
    }
    return names.get(kind, kind.__name__)


def refuse(path: Path, what: str, fix: str) -> NoReturn:
    raise BadInput(where=path, what=what, fix=fix)

"""The values of one TOML table, checked one by one: what is wrong is a fault with its line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from releve.establishment.durations import parse_span
from releve.establishment.faults import Findings, listed, shown
from releve.establishment.located import Table, texts_clean
from releve.establishment.text import is_id
from releve.kernel.ids import BadFiness, Finess, finess
from releve.kernel.units import PARIS

Word = TypeVar("Word", bound=StrEnum)
_MAX_COUNT = 1_000_000


class Fields:
    """Reads the keys of ``table``. ``whole`` turns False at the first fault: the row is dropped."""

    def __init__(self, table: Table, findings: Findings, known: Sequence[str]) -> None:
        self.table = table
        self.findings = findings
        self.whole = texts_clean(table, findings)
        for key in table.values:
            if key not in known:
                what = f"clé « {shown(key)} » inconnue dans [{table.name or 'tête'}] : non lue"
                close = difflib.get_close_matches(key, known, 1)
                findings.note(table.file, table.at(key), what + _meant(close))

    def bad(self, key: str, kind: str, what: str, remedy: str) -> None:
        """A fault on the line of ``key``."""
        self.whole = False
        self.findings.fault(self.table.file, self.table.at(key), kind, what, remedy)

    def text(self, key: str, example: str) -> str:
        """A text that is there and not empty."""
        value = self.table.values.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        said = "il manque" if value in (None, "") else "ce n'est pas un texte"
        self.bad(
            key,
            "missing" if value in (None, "") else "type",
            self._about(key, said),
            f'Écrivez {key} = "{example}"',
        )
        return ""

    def optional(self, key: str) -> str:
        """A text, empty when it is not there."""
        value = self.table.values.get(key, "")
        if isinstance(value, str):
            return value.strip()
        self.bad(key, "type", self._about(key, "ce n'est pas un texte"), f'Écrivez {key} = "…"')
        return ""

    def id(self, key: str, example: str) -> str:
        """An id: see :func:`~releve.establishment.text.is_id`."""
        value = self.text(key, example)
        self.findings.declared.add((self.table.name, value))
        if value and not is_id(value):
            what = self._about(key, f"« {shown(value)} » ne peut pas servir d'identifiant")
            self.bad(key, "id", what, "Employez 1 à 64 lettres sans accent, chiffres, - _ ou .")
        return value

    def finess(self, key: str) -> Finess:
        """A FINESS number with a right key."""
        value = self.text(key, "990000010")
        try:
            return finess(value)
        except BadFiness as error:
            if value:
                self.bad(key, "finess", str(error), error.remedy)
            return Finess(value)

    def count(self, key: str) -> int:
        """A whole number from 0, 0 when it is not there."""
        value = self.table.values.get(key, 0)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT:
            return value
        what = self._about(key, f"« {shown(str(value))} » n'est pas un nombre entier positif")
        self.bad(key, "number", what, f"Écrivez {key} = 12, sans guillemets.")
        return 0

    def rate(self, key: str) -> float:
        """A number from 0, 0 when it is not there."""
        value = self.table.values.get(key, 0)
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
            if math.isfinite(number) and 0 <= number <= _MAX_COUNT:
                return number
        what = self._about(key, f"« {shown(str(value))} » n'est pas un nombre positif")
        self.bad(key, "number", what, f"Écrivez {key} = 4.5, sans guillemets.")
        return 0.0

    def span(self, key: str) -> timedelta | None:
        """A duration, None when it is not there."""
        value = self.table.values.get(key)
        if value is None or value == "":
            return None
        try:
            if not isinstance(value, str):
                raise ValueError("une durée est un texte avec son unité")
            return parse_span(value)
        except (ValueError, OverflowError) as error:
            what = self._about(key, f"« {shown(str(value))} » : {error}")
            self.bad(key, "duration", what, f'Écrivez {key} = "4 h", "15 min", "2 h 30" ou "1 j".')
            return None

    def word(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """One of the words of an enumeration."""
        value = self.table.values.get(key)
        if value is None and default is not None:
            return default
        first = next(iter(words))
        if isinstance(value, str) and value.strip() in set(words):
            return words(value.strip())
        said = "il manque" if value is None else f"« {shown(str(value))} » est inconnu"
        kind = "missing" if value is None else "word"
        choices = [str(each) for each in words]
        self.bad(key, kind, self._about(key, said), f"Au choix : {listed(choices, 20)}.")
        return default or first

    def names(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        """A list of texts, each once; empty when it is not there and not ``needed``."""
        value = self.table.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(x, str) and x.strip() for x in value):
            what = self._about(key, "ce n'est pas une liste de textes")
            self.bad(key, "type", what, f'Écrivez {key} = ["…", "…"]')
            return ()
        found = tuple(each.strip() for each in value)
        twice = [each for each in dict.fromkeys(found) if found.count(each) > 1]
        if twice:
            what = self._about(key, f"« {shown(twice[0])} » y est deux fois")
            self.bad(key, "duplicate", what, "Gardez-le une fois.")
        if needed and not found:
            self.bad(key, "missing", self._about(key, "il manque"), f'Écrivez {key} = ["…"]')
        return found

    def moment(self, key: str) -> datetime | None:
        """A TOML date or date-time; a time without zone is in Paris."""
        value = self.table.values.get(key)
        if value is None:
            return None
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=PARIS)
        if isinstance(value, date):
            return datetime.combine(value, time(), PARIS)
        self.bad(key, "type", self._about(key, "ce n'est pas une date"), f"{key} = 2026-11-01")
        return None

    def _about(self, key: str, said: str) -> str:
        for naming in ("code", "id", "finess", "name"):
            name = self.table.values.get(naming)
            if naming != key and isinstance(name, str) and name:
                return f"{self.table.name} « {shown(name)} », {key} : {said}"
        return f"{self.table.name or 'en tête'}, {key} : {said}"


def _meant(close: Sequence[str]) -> str:
    return f" (vouliez-vous « {close[0]} » ?)" if close else ""

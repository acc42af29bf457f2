"""Which service a list means, and the new services that it makes known."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from releve.establishment.model import Establishment, Priority, Service, ServiceKind
from releve.establishment.words import cleaned, key, tokens
from releve.kernel.ids import Finess

_FILE = Path(__file__).with_name("services.toml")
#: Guesses go to the kind named by most words; of equals, the first of the file.
_LONGEST_CODE = 16


@dataclass(frozen=True)
class Proposed:
    """A service that no one had written yet: zero beds until someone says."""

    code: str
    name: str
    site: Finess
    kind: ServiceKind
    priority: Priority
    units: tuple[str, ...]
    guessed: bool


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, object]]:
    return tomllib.loads(_FILE.read_text("utf-8"))


@lru_cache(maxsize=16_384)
def stem(text: str) -> tuple[str, ...]:
    """The words of a service's name in one form: abbreviations said in full, noise left out."""
    short, noise = _words()["short"], set(_words()["noise"]["words"])  # type: ignore[call-overload]
    found = []
    for word in _meaning(re.sub(r"\([^)]*\)", " ", text)) or tokens(text):
        said = key(str(short.get(word, word)))
        found += [part for part in said.split() if part not in noise]
    return tuple(sorted(found)) or tokens(text)


def _meaning(text: str) -> list[str]:
    """Its words without articles; « Médecine A » keeps its letter."""
    words = key(text).split()
    kept = set(tokens(text))
    return [word for n, word in enumerate(words) if word in kept or (n and n == len(words) - 1)]


def guess_kind(name: str) -> tuple[ServiceKind, bool]:
    """(kind, whether a word of the name said so)."""
    said = f" {' '.join(_in_full(name))} "
    best, most = ServiceKind.ADMINISTRATION, 0
    for kind, words in _words()["kind"].items():
        count = sum(f" {word} " in said for word in words)  # type: ignore[attr-defined]
        if count > most:
            best, most = ServiceKind(kind), count
    return best, most > 0


def _in_full(name: str) -> list[str]:
    short = _words()["short"]
    return [part for word in key(name).split() for part in key(str(short.get(word, word))).split()]


class Services:
    """Known services and those that this import proposes."""

    def __init__(self, establishment: Establishment | None, site: Finess) -> None:
        self._site = site
        self.proposed: dict[str, Proposed] = {}
        #: What was written → the service it was taken for, when the words are not the same.
        self.likened: dict[str, str] = {}
        self._by_word: dict[str, str] = {}
        self._by_stem: dict[tuple[str, ...], str] = {}
        self._codes: set[str] = set()
        self._stems: list[tuple[frozenset[str], str]] = []
        self._names: dict[str, str] = {}
        for service in establishment.services if establishment else ():
            self._learn(service)

    def _learn(self, service: Service | Proposed) -> None:
        self._codes.add(service.code)
        self._names[service.code] = service.name
        for word in (service.name, *service.units, service.code):
            self._by_word[key(word)] = service.code
        self._by_stem.setdefault(stem(service.name), service.code)
        opened = service.name.replace("(", " ").replace(")", " ")
        for words in {frozenset(stem(service.name)), frozenset(stem(opened))}:
            self._stems.append((words, service.code))

    def find(self, name: str, unit: str = "") -> str:
        """A code, empty when nothing known is meant."""
        found = self._named(name) if name else ""
        if found and unit:
            self._by_word.setdefault(key(unit), found)
        return found or (self._by_word.get(key(unit), "") if unit else "")

    def _named(self, name: str) -> str:
        if key(name) in self._by_word:
            return self._by_word[key(name)]
        head = re.match(r"\s*([A-Za-z0-9_.-]{2,12})\s*[-–:/]\s+(.+)", name)
        if head and key(head[1]) in self._by_word:
            return self._by_word[key(head[1])]
        said = stem(name)
        return self._by_stem.get(said) or self._near(name, frozenset(said))

    def _near(self, name: str, said: frozenset[str]) -> str:
        """The one service that says the same in more words, or in fewer."""
        if name in self.likened:
            return self.likened[name]
        longer = {code for words, code in self._stems if said and said < words}
        found = longer.pop() if len(longer) == 1 else self.find_within(name)
        if found:
            self.likened[name] = found
        return found

    def name(self, code: str) -> str:
        """What a code is called."""
        return self._names.get(code, code)

    def find_within(self, text: str) -> str:
        """The known service whose whole name a longer text says, the longest; empty when none."""
        said = frozenset(stem(text))
        found = {(len(words), code) for words, code in self._stems if words and words <= said}
        best = max(found, default=(0, ""))
        alone = sum(size == best[0] for size, _ in found) == 1
        return best[1] if alone else ""

    def find_or_propose(self, name: str, unit: str = "", site: str = "") -> str:
        """A code; a service that nobody knows is proposed. Empty when there is no name at all."""
        name = cleaned(name)
        found = self.find(name, unit)
        if found or not (name or unit):
            return found
        made = self._proposal(name or unit, unit, site)
        self.proposed[made.code] = made
        self._learn(made)
        return made.code

    def _proposal(self, name: str, unit: str, site: str) -> Proposed:
        kind, said = guess_kind(name)
        priority = Priority(str(_words()["priority"][kind.value])) if said else Priority.P3
        code = _code(unit or name)
        number = 2
        taken = {each.lower() for each in self._codes}
        base = code
        while code.lower() in taken:
            code, number = f"{base}-{number}", number + 1
        units = tuple(dict.fromkeys((code, *([unit] if unit and key(unit) != key(code) else ()))))
        place = Finess(site) if site else self._site
        return Proposed(code, _spelled(name), place, kind, priority, units, not said)


def _spelled(name: str) -> str:
    """« Chir. B » → « Chirurgie B »; sigles stay as they are."""
    short = _words()["short"]

    def said(found: re.Match[str]) -> str:
        word = found[1]
        full = str(short.get(key(word), word))
        if word.isupper() or " " in full or full == word.lower():
            return found[0]
        return full.capitalize() if word[0].isupper() else full

    return re.sub(r"([^\W\d_]{2,})\.?(?![^\W_])", said, name)


def _code(name: str) -> str:
    """« Chirurgie B » → CHIR-B, « USC » → USC, « 2104 » → UF-2104."""
    words = _meaning(re.sub(r"\([^)]*\)", " ", name)) or ["service"]
    noise = set(_words()["noise"]["words"])  # type: ignore[call-overload]
    words = [word for word in words if word not in noise] or words
    if len(words) == 1:
        code = words[0][:_LONGEST_CODE]
    else:
        code = "-".join(word if len(word) <= 4 else word[:4] for word in words[:3])
    code = code[:_LONGEST_CODE].strip("-").upper()
    return f"UF-{code}" if code.isdigit() else code


def site_of(text: str, establishment: Establishment | None) -> str:
    """The FINESS of the site that a cell names by number or by name, empty when none."""
    sites: Iterable[tuple[str, str]] = (
        ((site.finess, site.name) for site in establishment.sites) if establishment else ()
    )
    said = key(text)
    return next((number for number, name in sites if said and said in (key(number), key(name))), "")

"""What a letter in a grid says: on call, absent, or nothing that we know."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time

from releve.establishment.imports.hours import hours_in
from releve.establishment.words import key

#: Marks that people use for somebody on call, and the word each stands for.
_ON: Mapping[str, str] = {
    **{"a": "astreinte", "ast": "astreinte", "as": "astreinte", "astr": "astreinte"},
    **{"astreinte": "astreinte", "g": "garde", "garde": "garde", "gd": "garde", "g24": "garde"},
    **{"x": "", "xx": "", "1": "", "24": "", "24h": "", "n": "", "nuit": "", "ok": "", "oui": ""},
    **{"o": "", "p": "", "perm": "", "h24": ""},
}
_OFF = frozenset(
    [
        "ca",
        "cp",
        "rtt",
        "rc",
        "rh",
        "r",
        "rec",
        "recup",
        "f",
        "jf",
        "ferie",
        "fer",
        "ferier",
        "m",
        "am",
        "j",
        "s",
        "mat",
        "soir",
        "jour",
        "conge",
        "conges",
        "form",
        "fo",
        "mal",
        "mat",
        "at",
        "ct",
        "repos",
        "rep",
        "off",
        "abs",
        "ab",
        "n/a",
        "nt",
        "tp",
        "hs",
        "cet",
        "mi",
        "matin",
        "apres",
        "midi",
        "aprem",
        "w",
        "wk",
        "we",
        "present",
        "pres",
        "bureau",
        "b",
        "dispo",
        "ddr",
        "cf",
        "css",
        "map",
        "paternite",
        "maternite",
        "deces",
        "enf",
        "em",
    ]
)
_DUTY = re.compile(r"\b(astreinte|garde|permanence|24 ?h?|nuit|de service|appel)\b")
_AWAY = re.compile(
    r"\b(absen\w*|conge\w*|recup\w*|repos|present\w*|matin\w*|formation|maladie|ferie|rtt)\b"
)
_ONLY_HOURS = re.compile(r"(?:de\s+)?[\dhH:\s]+(?:-|–|→|à|/)[\dhH:\s]+")
_LEGEND = re.compile(r"(?:^|[;,/|\n]|\s{2,})\s*([^\W_]{1,5}|[✗✘×✓✔●•○■])\s*[:=→]\s*([^;|\n]{2,60})")


@dataclass
class Marks:
    """The marks of one table; a legend adds those that it explains, and the ``hours`` of some."""

    on: dict[str, str] = field(default_factory=lambda: dict(_ON))
    off: set[str] = field(default_factory=lambda: set(_OFF))
    hours: dict[str, tuple[time, time]] = field(default_factory=dict)

    def learn(self, text: str) -> bool:
        """A legend: « AST = astreinte 18h30-8h30 ; CA = congés »; whether the text is one."""
        found = _LEGEND.findall(text)
        for mark, words in found:
            said, meant = bare(mark), key(words)
            pair = hours_in(words)
            if pair and (_ONLY_HOURS.fullmatch(words.strip()) or "nuit" in meant):
                self.hours[said] = pair
            if pair and _ONLY_HOURS.fullmatch(words.strip()):
                continue
            if _DUTY.search(meant) and not _AWAY.match(meant):
                duty = re.search(r"garde|astreinte", meant)
                self.on[said] = duty[0] if duty else ""
                self.off.discard(said)
            elif len(words) > 1:
                self.off.add(said)
                self.on.pop(said, None)
        return bool(found)

    def state(self, text: str) -> bool | None:
        """True on call, False not, None when the mark is not known."""
        said = bare(text)
        if said in self.on:
            return True
        return False if said in self.off or not said else None

    def family(self, texts: Iterable[str]) -> str:
        """« astreinte » or « garde » when every mark on call says the same."""
        families = {self.on[bare(text)] for text in texts if bare(text) in self.on} - {""}
        return families.pop() if len(families) == 1 else ""


def bare(text: str) -> str:
    """A mark in one form: crosses and ticks are « x »."""
    plain = unicodedata.normalize("NFKD", text.strip())
    if plain and all(c in "✗✘✕✖×✓✔●•⚫○◯■▲◆♦*+" or c.isspace() for c in plain):
        return "x"
    return key(text).replace(" ", "")


def is_short(text: str) -> bool:
    """Whether a text may be a mark at all."""
    return len(text.strip()) <= 6 and len(text.split()) <= 2

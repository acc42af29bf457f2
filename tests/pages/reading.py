"""A page's words as a reader meets them, apart from those that say themselves to be French."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_VOID = frozenset(
    "area base br col embed hr img input link meta source wbr".split()  # noqa: SIM905
)
_READ_ALOUD = ("aria-label", "title", "placeholder", "alt")
#: « DE » or « DU » between two colons is no French.
_FINGERPRINT = re.compile(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")
_FRENCH = re.compile(
    r"\b(?:le|la|les|une|un|des|du|au|aux|de|et|ou|est|sont|pas|plus|aucune?|votre|vos|vous|dans"
    r"|sur|pour|avec|qui|par|cette?|ce|depuis|il y a|jours|fichiers|janv|févr|avr|juin|juil|déc)\b"
    r"|\b\w*[éèêàâçùûôîï]\w*\b",
    re.IGNORECASE,
)


class _Words(HTMLParser):
    """Collects texts and read-aloud attributes whose language, by ``lang``, is not French."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = ""
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "html":
            self.language = found.get("lang") or ""
        hidden = tag in ("script", "style")
        aside = self._aside or hidden or (found.get("lang") == "fr" and tag != "html")
        if not aside:
            self.said += [found[name] or "" for name in _READ_ALOUD if name in found]
        if tag not in _VOID:
            self._open.append((tag, aside))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._aside:
            self.said.append(data)

    @property
    def _aside(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def language_of(html: str) -> str:
    """What the page says its language is."""
    return _read(html).language


def french_in(html: str, data: tuple[str, ...]) -> list[str]:
    """French words outside what is marked as French; ``data`` (names, what was received) is not
    looked at.
    """
    text = _FINGERPRINT.sub("·", " ".join(" ".join(_read(html).said).split()))
    for known in sorted(data, key=len, reverse=True):
        text = text.replace(known, "·")
    return [text[max(0, m.start() - 25) : m.end() + 25] for m in _FRENCH.finditer(text)]


def _read(html: str) -> _Words:
    words = _Words()
    words.feed(html)
    words.close()
    return words

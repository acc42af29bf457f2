"""What may have to be cut in the first minutes: a dated list (``cuts.toml``) that a delegation and
the crisis's page start from. Relève cuts nothing: a cut is a line that people answer.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Cut:
    """``words`` is what is cut, ``also`` what stops with it (empty when nobody said)."""

    slug: str
    words: str
    also: str
    source: str
    status: str


@cache
def usual_cuts() -> tuple[Cut, ...]:
    """The list of ``cuts.toml``, in its order."""
    text = files("releve.pages").joinpath("cuts.toml").read_text("utf-8")
    return tuple(Cut(**fields) for fields in tomllib.loads(text)["cut"])


def cuts_with(delegated: Iterable[str]) -> tuple[Cut, ...]:
    """The usual list, then what delegations name beside it, each once."""
    known = {cut.slug: cut for cut in usual_cuts()}
    same = {cut.words.casefold(): cut.slug for cut in usual_cuts()}
    for words in delegated:
        if words.casefold() not in same:
            slug = slug_of(words)
            known.setdefault(slug, Cut(slug, words, "", "Délégation signée", "in_force"))
    return tuple(known.values())


def slug_of(words: str) -> str:
    """A cut's key in addresses: the usual one's, else made from its words."""
    for cut in usual_cuts():
        if cut.words.casefold() == words.casefold():
            return cut.slug
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "coupure"

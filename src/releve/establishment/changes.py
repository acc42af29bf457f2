"""Which crisis numbers were changed, when and by whom: every generation beside the one before.

A number that was known and is another one, or none, is a change; a first answer is not. It is shown
for the days of ``contacts.toml``, so that somebody else than its author sees it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files

from releve.establishment.contacts import FILE, contacts_of
from releve.establishment.numbering import plain
from releve.establishment.store import bytes_of, current, history
from releve.kernel.home import Home


@dataclass(frozen=True)
class Change:
    """``by``: the person who kept the page; empty when a folder was loaded on the server."""

    at: datetime
    by: str


def changes(home: Home, now: datetime) -> dict[str, Change]:
    """slug → its last change, of those that are still shown at ``now``. Raises
    :class:`StoreDamaged`.
    """
    generation = current(home)
    if generation is None:
        return {}
    oldest = now - shown_for()
    every = _every(home, generation.number, generation.fingerprint)
    return {slug: change for slug, change in every.items() if change.at >= oldest}


@cache
def shown_for() -> timedelta:
    text = files("releve.establishment").joinpath("contacts.toml").read_text("utf-8")
    return timedelta(days=tomllib.loads(text)["change_shown_days"])


@lru_cache(maxsize=4)
def _every(home: Home, last: int, fingerprint: str) -> Mapping[str, Change]:
    """Of all generations up to ``last``; ``fingerprint`` is that of the last one. One whose file
    is damaged is passed over.
    """
    found: dict[str, Change] = {}
    known: dict[str, str] = {}
    shown: dict[str, str] = {}
    before: str | None = None
    for generation in history(home):
        digest = generation.files.get(FILE)
        data = b"" if digest is None else bytes_of(home, generation, FILE)
        if generation.number > last or digest == before or data is None:
            continue
        before = digest
        rows = contacts_of({FILE: data}) if data else {}
        phones = {slug: plain(each.phone) for slug, each in rows.items()}
        for slug in {*known, *phones}:
            phone = phones.get(slug, "")
            if phone != shown.get(slug, "") and slug in known and phone != known[slug]:
                found[slug] = Change(generation.loaded, generation.by)
            shown[slug] = phone
            known |= {slug: phone} if phone else {}
    return found

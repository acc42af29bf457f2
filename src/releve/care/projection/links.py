"""The links between patient numbers, as they are kept in ``link``, and who is who by them.

A pair has at most two rows: what merges and partings say of it under (low, high), the lesser id
first; that one PID-3 listed both under (high, low). One never hides the other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from releve.care.identity import Link, persons

#: For a number: those that must be looked at with it, and the links that follow from what they are.
Alike = Callable[[int], tuple[set[int], list[Link]]]
_Pair = tuple[int, int]


class Links:
    """The links said in a batch, over those of the base."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._said: dict[_Pair, Link] = {}
        self._touched: set[int] = set()

    def said(self, link: Link) -> None:
        """Take a link: the latest word on a pair stands; a listing keeps its first message."""
        if link.gone == link.kept:
            return
        pair = (min(link[:2]), max(link[:2]))
        if link.listed:
            pair = pair[::-1]
        known = self._said.get(pair) or self._load(pair)
        if known is None or (link.sent, link.source) > (known.sent, known.source):
            if known is not None and link.listed:
                link = known._replace(sent=max(known.sent, link.sent))
            self._said[pair] = link
            self._touched |= set(pair)

    def look_again(self, number: int) -> None:
        """What this number is alike may have changed."""
        self._touched.add(number)

    def write(self, alike: Alike) -> dict[int, int]:
        """Write what was said; returns the number that each is now shown under."""
        if not self._touched:
            return {}
        self._base.executemany(
            "INSERT INTO link VALUES (?,?,?,?,?,?,?) ON CONFLICT (low, high) DO UPDATE SET"
            " gone = excluded.gone, kept = excluded.kept, sent = excluded.sent,"
            " source = excluded.source, live = excluded.live",
            [(*pair, *link[:4], int(link.on)) for pair, link in self._said.items()],
        )
        reached, links = self._component(alike)
        shown = persons(links, self._authorities(reached))
        self._said.clear()
        self._touched.clear()
        return {number: shown.get(number, number) for number in reached}

    def _component(self, alike: Alike) -> tuple[set[int], list[Link]]:
        """Every number that a link, live or not, ties to those touched, and those links."""
        waiting, reached = list(self._touched), set(self._touched)
        links: dict[_Pair, Link] = {}
        follow: set[Link] = set()
        query = "SELECT * FROM link WHERE low = ? UNION ALL SELECT * FROM link WHERE high = ?"
        while waiting:
            number = waiting.pop()
            near, more = alike(number)
            follow.update(more)
            for low, high, *rest in self._base.execute(query, (number, number)):
                links[low, high] = _link((low, high), rest)
                near |= {low, high}
            waiting += near - reached
            reached |= near
        return reached, [*(links[pair] for pair in sorted(links)), *sorted(follow)]

    def _authorities(self, numbers: set[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        wanted = sorted(numbers)
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            query = f"SELECT id, authority FROM patient WHERE id IN ({marks})"  # noqa: S608
            found |= dict(self._base.execute(query, some).fetchall())
        return found

    def _load(self, pair: _Pair) -> Link | None:
        row = self._base.execute(
            "SELECT gone, kept, sent, source, live FROM link WHERE low = ? AND high = ?", pair
        ).fetchone()
        return _link(pair, row) if row else None


def _link(pair: _Pair, row: list[int]) -> Link:
    gone, kept, sent, source, live = row
    return Link(gone, kept, sent, source, bool(live), listed=pair[0] > pair[1])

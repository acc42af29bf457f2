"""Which sources have just fallen silent, and which speak again. No I/O: sources in, facts out.

A source is a sender and a kind of message. Its silence is told once, when it passes twice its
period, and its return once; a source heard again cannot fall silent before two more periods, which
bounds how often it can say either. Senders a hostile feed invents are counted together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from releve.care import facts
from releve.care.ports import Fact
from releve.care.views_shapes import Source

#: Sources told one by one: those that spoke the most, which are the hospital's own.
MOST_SOURCES = 64
#: What a sender has to come back in after Relève itself was away, before its silence is told.
_GRACE = timedelta(seconds=60)


@dataclass(frozen=True)
class Silences:
    """What was told: for each silent source, when it was last heard (µs); of the others, the most
    that were silent at once.
    """

    open: Mapping[str, int] = field(default_factory=dict)
    others: int = 0


def news(
    sources: Sequence[Source], before: Silences, listening: timedelta, now: datetime
) -> tuple[Silences, list[Fact]]:
    """What to tell now, and what will then have been told.

    ``listening``: since when Relève itself has been there to hear.
    """
    known = sorted(_apart(sources), key=lambda each: (-each.count, each.sender, each.kind))
    still: dict[str, int] = {}
    told: list[Fact] = []
    for source in known[:MOST_SOURCES]:
        mark, heard = facts.mark_of(source), facts.heard_at(source)
        since = before.open.get(mark)
        if source.silent and (since == heard or _patient(source, listening)):
            still[mark] = heard
            if since != heard:
                told.append(facts.silent(source, now))
        elif since is not None and heard > since:
            told.append(facts.back(source, since, now))
    others = sum(each.silent for each in known[MOST_SOURCES:])
    told += facts.others_silent(before.others, others, now)
    return Silences(still, max(others, before.others)), told


def _patient(source: Source, listening: timedelta) -> bool:
    return listening > min(_GRACE, 2 * source.period)


def _apart(sources: Sequence[Source]) -> list[Source]:
    """Without the identities of senders of movements: each movement gives one, and their silence
    would be told twice.
    """
    moving = {each.sender: each.period for each in sources if each.kind == "movements"}
    return [
        each
        for each in sources
        if each.kind != "identity" or moving.get(each.sender, timedelta.max) > each.period
    ]

"""The kits' facts for the ledger: which, in what words, how often.

A refusal that repeats is told at 1, 10, 100… in a row: a night of a silent feed is three entries.
No text of a message stands in them: a ward whose code is not plain is named by a digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from releve.care.kit.freezing import Frozen
from releve.care.kit.publication import Published, Refused
from releve.care.kit.windows import folder_name
from releve.care.ports import Fact
from releve.kernel.clock import iso

PUBLISHED = "care.kit.published"
REFUSED = "care.kit.refused"
FROZEN = "care.kit.frozen"


def facts(outcome: Published | Refused) -> Iterator[Fact]:
    """What the ledger learns of one publication."""
    if isinstance(outcome, Published):
        yield _published(outcome)
    elif _power_of_ten(outcome.streak):
        yield _refused(outcome)


def frozen(state: Frozen, number: int) -> Fact:
    """The published state was frozen; ``number`` is the caller's (the incident's)."""
    origin = "care.kit.frozen"
    return Fact("decision", FROZEN, state.since, "kits", 0, "kits", origin, number)


def _published(done: Published) -> Fact:
    held = done.held
    return Fact(
        kind="measure",
        what=PUBLISHED,
        when=held.built,
        system=folder_name(done.ward),
        value=held.patients,
        unit="patients",
        origin=f"care.kit.{folder_name(done.ward)}",
        number=held.generation,
        sha256=held.sha256,
        detail={
            "generation": held.generation,
            "window": held.window,
            "as_of": _moment(held.as_of),
            "until": held.until,
        },
    )


def _refused(refused: Refused) -> Fact:
    last = refused.last
    return Fact(
        kind="alarm",
        what=REFUSED,
        when=refused.when,
        system=folder_name(refused.ward),
        value=last.patients if last else 0,
        unit="patients",
        origin=f"care.kit.refused.{folder_name(refused.ward)}",
        number=refused.number,
        detail={
            "why": refused.why,
            "streak": refused.streak,
            "kept_generation": last.generation if last else None,
            "kept_built": iso(last.built) if last else None,
        },
    )


def _moment(when: datetime | None) -> str | None:
    return None if when is None else iso(when)


def _power_of_ten(number: int) -> bool:
    while number > 1 and number % 10 == 0:
        number //= 10
    return number == 1

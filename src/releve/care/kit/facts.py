"""The kits' facts for the ledger: which, in what words, how often.

A refusal that repeats is told at 1, 10, 100… in a row: a night of a silent feed is three entries.
No text of a message stands in them: a ward whose code is not plain is named by a digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from releve.care.kit.errors import KitError, PaperRefused, SecretUnreadable, ShelfUnreadable
from releve.care.kit.freezing import Frozen, Thawed
from releve.care.kit.publication import Failed, Published, Refused
from releve.care.kit.shelf import Held
from releve.care.kit.windows import folder_name
from releve.care.ports import Fact
from releve.kernel.clock import iso

PUBLISHED = "care.kit.published"
REFUSED = "care.kit.refused"
FROZEN = "care.kit.frozen"
THAWED = "care.kit.thawed"

#: Why a kit could not be made. An error's own words may hold a patient's: they stay out.
_CAUSES: dict[type[KitError], str] = {
    ShelfUnreadable: "la liste de ses kits ne se lit pas",
    SecretUnreadable: "son code ne se lit pas",
    PaperRefused: "sa mise en page a échoué",
}


def facts(outcome: Published | Refused | Failed) -> Iterator[Fact]:
    """What the ledger learns of one publication."""
    if isinstance(outcome, Published):
        yield published(outcome.ward, outcome.held)
    elif isinstance(outcome, Failed):
        yield _failed(outcome)
    elif _power_of_ten(outcome.streak):
        yield _refused(outcome)


def frozen(state: Frozen) -> Fact:
    """The published state was frozen; told once per freeze."""
    number = _milliseconds(state.since)
    return Fact("decision", FROZEN, state.since, "kits", 0, "kits", FROZEN, number)


def thawed(state: Thawed) -> Fact:
    """The freeze was lifted; told once per freeze."""
    number = _milliseconds(state.since)
    return Fact("decision", THAWED, state.when, "kits", 0, "kits", THAWED, number)


def published(ward: str, held: Held) -> Fact:
    """A kit was put in place; told once per generation."""
    return Fact(
        kind="measure",
        what=PUBLISHED,
        when=held.built,
        system=folder_name(ward),
        value=held.patients,
        unit="patients",
        origin=f"care.kit.{folder_name(ward)}",
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


def _failed(failed: Failed) -> Fact:
    causes = [said for kind, said in _CAUSES.items() if isinstance(failed.error, kind)]
    return Fact(
        kind="alarm",
        what=REFUSED,
        when=failed.when,
        system=failed.folder,
        value=0,
        unit="kits",
        origin=f"care.kit.failed.{failed.folder}",
        number=_milliseconds(failed.when),
        detail={"why": "".join(causes) or "il n'a pas pu être fait"},
    )


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _moment(when: datetime | None) -> str | None:
    return None if when is None else iso(when)


def _power_of_ten(number: int) -> bool:
    while number > 1 and number % 10 == 0:
        number //= 10
    return number == 1

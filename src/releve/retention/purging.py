"""The order of a purge. It decides nothing: what to destroy was decided by two people.

Killed at any place, run again, it finishes. A reason to hold is looked for before each destruction:
months whose key is there keep it, and other months' salts, logs and aged files wait. Of a month
whose key is gone the content is gone: what still shows it is removed all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from releve.retention.errors import PurgeHeld
from releve.retention.ports import Copies, Feed, Files, Hold, Proof

_AGAIN = 3


@dataclass(frozen=True)
class Plan:
    """What was decided: months to forget, files of the home to remove (their paths in it)."""

    months: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """What a purge works on."""

    feed: Feed
    proof: Proof
    files: Files
    copies: Copies
    hold: Hold


@dataclass(frozen=True)
class Counts:
    """What was done by the run that finished: ``silent`` messages say nothing any more, of all the
    forgotten months; ``recalled`` copies are asked for.
    """

    months: int
    silent: int
    salts: int
    kits: int
    files: int
    emptied: int
    recalled: int

    def figures(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


def purge(plan: Plan, world: World, clock: Callable[[], datetime]) -> Counts:
    """Do it. Raises :class:`~releve.retention.errors.PurgeHeld` with nothing more destroyed (of
    months already forgotten, what still shows them is removed first), or
    what a port raises.
    """
    if not plan.months:
        _check(world)
    gone, why_not = _forget_months(plan.months, world, clock)
    silent = salts = kits = emptied = recalled = 0
    if gone:
        silent = world.feed.rebuild()
        forgotten = clock()
        salts = world.proof.destroy_salts(gone, world.hold)
        kits = world.feed.remake_kits(clock())
        kits += _again(world, forgotten, clock)
        why = f"purge des mois {gone[0]} à {gone[-1]}"
        recalled = world.copies.recall(why, before=forgotten)
    if why_not is not None:
        raise PurgeHeld(why=why_not)
    if gone:
        _check(world)
        emptied = world.files.empty()
    removed = 0
    for path in plan.files:
        _check(world)
        removed += world.files.remove(path)
    return Counts(len(plan.months), silent, salts, kits, removed, emptied, recalled)


def _forget_months(
    months: Sequence[str], world: World, clock: Callable[[], datetime]
) -> tuple[tuple[str, ...], str | None]:
    """Destroy their keys one by one, as long as nothing holds; those whose key is gone, and why
    another one's is not.
    """
    gone, why = list[str](), None
    for month in months:
        held = world.hold.held() if month in world.feed.months() else None
        if held is not None:
            why = held
            continue
        world.feed.destroy(month, clock())
        gone.append(month)
    return tuple(gone), why


def _check(world: World) -> None:
    why = world.hold.held()
    if why is not None:
        raise PurgeHeld(why=why)


def _again(world: World, forgotten: datetime, clock: Callable[[], datetime]) -> int:
    """A round that had read the old views may have put its kit in place meanwhile."""
    removed = 0
    for _ in range(_AGAIN):
        if not world.feed.kits_before(forgotten):
            return removed
        removed += world.feed.remake_kits(clock())
    return removed

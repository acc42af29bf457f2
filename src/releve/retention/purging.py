"""The order of a purge. It decides nothing: what to destroy was decided by two people.

Killed at any place, run again, it finishes. Until the last key of the plan is destroyed a reason to
hold stops it; afterwards the content is gone, and only what still shows it remains to be removed.
"""

from __future__ import annotations

from collections.abc import Callable
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
    _check(plan, world)
    for month in plan.months:
        world.feed.destroy(month, clock())
    silent = salts = kits = emptied = recalled = 0
    if plan.months:
        silent = world.feed.rebuild()
        forgotten = clock()
        salts = world.proof.destroy_salts(plan.months)
        kits = world.feed.remake_kits(clock())
        emptied = world.files.empty()
        kits += _again(world, forgotten, clock)
        why = f"purge des mois {plan.months[0]} à {plan.months[-1]}"
        recalled = world.copies.recall(why, before=forgotten)
    if plan.files:
        _check(Plan((), plan.files), world)
    removed = sum(world.files.remove(path) for path in plan.files)
    return Counts(len(plan.months), silent, salts, kits, removed, emptied, recalled)


def _check(plan: Plan, world: World) -> None:
    waiting = not plan.months or set(plan.months) & set(world.feed.months())
    why = world.hold.held()
    if why is not None and waiting:
        raise PurgeHeld(why=why)


def _again(world: World, forgotten: datetime, clock: Callable[[], datetime]) -> int:
    """A round that had read the old views may have put its kit in place meanwhile."""
    removed = 0
    for _ in range(_AGAIN):
        if not world.feed.kits_before(forgotten):
            return removed
        removed += world.feed.remake_kits(clock())
    return removed

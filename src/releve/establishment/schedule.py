"""List scheduling of tasks with precedence on identical teams, in whole minutes; numbers only.

Greedy by weight of all dependants over duration (and a variant that takes whole services one after
the other) against first-in-first-out: the cheapest is kept. Cost = Σ weight × hour of return.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

#: A wait: nodes of which one suffices.
Wait = tuple[int, ...]
Key = tuple[float, ...]


@dataclass(frozen=True)
class Problem:
    """``minutes[n]`` is None for a node that no team rebuilds: it is back with what it waits for.

    ``waits[n]`` must all be satisfied before ``n`` starts. Tasks are queued in the order of
    ``queue``.
    """

    minutes: Sequence[int | None]
    waits: Sequence[Sequence[Wait]]
    weights: Sequence[float]
    queue: Sequence[int]
    teams: int


@dataclass(frozen=True)
class Slot:
    """A task on a team, minutes from now."""

    task: int
    start: int
    end: int
    team: int


@dataclass(frozen=True)
class Schedule:
    """Slots in order of start; ``back[n]`` = the minute n is back."""

    slots: tuple[Slot, ...]
    back: dict[int, int]
    cost: float


def run(problem: Problem, keys: Sequence[Key] | None) -> Schedule:
    """One pass: a free team takes the ready task of least key; in order of readiness, then of the
    queue, without keys.
    """
    return _Pass(problem, keys).run()


class _Pass:
    """The state of one pass."""

    def __init__(self, problem: Problem, keys: Sequence[Key] | None) -> None:
        self._problem = problem
        self._keys = keys
        self._rank = {task: rank for rank, task in enumerate(problem.queue)}
        self._pending = [len(waits) for waits in problem.waits]
        self._open: list[set[int]] = [set(range(len(waits))) for waits in problem.waits]
        self._users = users_of(problem)
        self._ready: list[tuple[Key, int, int]] = []
        self._running: list[tuple[int, int, int, int]] = []
        self._teams = list(range(1, problem.teams + 1))
        self._back: dict[int, int] = {}

    def run(self) -> Schedule:
        slots: list[Slot] = []
        for node, pending in enumerate(self._pending):
            if not pending:
                self._release(node, 0)
        now = 0
        while True:
            while self._teams and self._ready:
                _, _, task = heapq.heappop(self._ready)
                team = heapq.heappop(self._teams)
                end = now + (self._problem.minutes[task] or 0)
                slots.append(Slot(task, now, end, team))
                heapq.heappush(self._running, (end, team, task, now))
            if not self._running:
                break
            now, team, task, _ = heapq.heappop(self._running)
            heapq.heappush(self._teams, team)
            self._come_back(task, now)
            while self._running and self._running[0][0] == now:
                _, team, task, _ = heapq.heappop(self._running)
                heapq.heappush(self._teams, team)
                self._come_back(task, now)
        return Schedule(tuple(slots), self._back, _cost(self._problem, self._back))

    def _release(self, node: int, now: int) -> None:
        """All that ``node`` waits for is back."""
        if self._problem.minutes[node] is None:
            if node not in self._back:
                self._come_back(node, now)
            return
        rank = self._rank[node]
        key = self._keys[node] if self._keys is not None else (now,)
        heapq.heappush(self._ready, (key, rank, node))

    def _come_back(self, first: int, now: int) -> None:
        """``first`` is back, and with it the nodes without task that waited for it alone."""
        stack = [first]
        self._back[first] = now
        while stack:
            for user, place in self._users[stack.pop()]:
                if place not in self._open[user]:
                    continue
                self._open[user].discard(place)
                if self._open[user]:
                    continue
                if self._problem.minutes[user] is None:
                    self._back[user] = now
                    stack.append(user)
                else:
                    self._release(user, now)


def users_of(problem: Problem) -> list[list[tuple[int, int]]]:
    """node → (who waits for it, the place of that wait)."""
    users: list[list[tuple[int, int]]] = [[] for _ in problem.waits]
    for node, waits in enumerate(problem.waits):
        for place, choices in enumerate(waits):
            for needed in choices:
                users[needed].append((node, place))
    return users


def _cost(problem: Problem, back: dict[int, int]) -> float:
    return sum(problem.weights[node] * minute for node, minute in back.items()) / 60


def topological(problem: Problem) -> list[int]:
    """Every node after all it may wait for; raises ``ValueError`` on a knot."""
    users = users_of(problem)
    left = [sum(len(choices) for choices in waits) for waits in problem.waits]
    order = [node for node, count in enumerate(left) if not count]
    for node in order:
        for user, _ in users[node]:
            left[user] -= 1
            if not left[user]:
                order.append(user)
    if len(order) < len(left):
        raise ValueError("knot")
    return order


def closures(problem: Problem, order: Sequence[int]) -> list[int]:
    """For each node, the bits of the weighted nodes that wait for it, itself included."""
    bits = [1 << n if problem.weights[n] else 0 for n in range(len(problem.waits))]
    for node in reversed(order):
        for choices in problem.waits[node]:
            for needed in choices:
                bits[needed] |= bits[node]
    return bits


def bits_of(mask: int) -> list[int]:
    """The numbers whose bit is set, in order."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def greedy_keys(problem: Problem, order: Sequence[int]) -> list[Key]:
    """Weight of all dependants over duration, the greatest first."""
    return [
        (-sum(problem.weights[n] for n in bits_of(mask)) / max(problem.minutes[node] or 0, 1),)
        for node, mask in enumerate(closures(problem, order))
    ]


def service_keys(problem: Problem, order: Sequence[int]) -> list[Key]:
    """Whole services one after the other: each time the one that gives most weight for the work it
    still needs; then its tasks, in the order they wait for each other.
    """
    needs = _work(problem, order)
    minutes = [each or 0 for each in problem.minutes]
    left = {n: set(needs[n]) for n in range(len(minutes)) if problem.weights[n] and needs[n]}
    work = {n: sum(minutes[t] for t in tasks) for n, tasks in left.items()}
    users: dict[int, list[int]] = {}
    for node, tasks in left.items():
        for task in tasks:
            users.setdefault(task, []).append(node)
    rank_of: dict[int, int] = {}
    place = {node: rank for rank, node in enumerate(order)}
    while left:
        best = max(left, key=lambda n: (problem.weights[n] / max(work[n], 1), -n))
        for task in sorted(left.pop(best), key=place.__getitem__):
            rank_of[task] = len(rank_of)
            for node in users[task]:
                if node in left:
                    left[node].discard(task)
                    work[node] -= minutes[task]
    last = len(rank_of)
    return [(rank_of.get(node, last),) for node in range(len(minutes))]


def _work(problem: Problem, order: Sequence[int]) -> list[frozenset[int]]:
    """For each node, the tasks that must be over before it is back; of alternatives, none."""
    found: list[frozenset[int]] = [frozenset()] * len(problem.waits)
    for node in order:
        own = frozenset() if problem.minutes[node] is None else frozenset((node,))
        certain = (found[choices[0]] for choices in problem.waits[node] if len(choices) == 1)
        found[node] = own.union(*certain)
    return found


def lower_bound(problem: Problem, order: Sequence[int]) -> float:
    """A cost that no schedule goes under.

    The greatest of two: each node at the latest of its longest chain and of its work shared by all
    teams; and the bound of Eastman, Even and Isaacs (1964) with each node's weight put on the last
    task that its longest chain holds.
    """
    minutes = [each or 0 for each in problem.minutes]
    chain, last = [0] * len(minutes), list(range(len(minutes)))
    for node in order:
        for choices in problem.waits[node]:
            quickest = min(choices, key=chain.__getitem__)
            if len(choices) == 1 and chain[quickest] > chain[node]:
                last[node] = last[quickest] if not minutes[node] else node
            chain[node] = max(chain[node], chain[quickest])
        chain[node] += minutes[node]
    work = _work(problem, order)
    alone = Fraction(0)
    shifted: dict[int, float] = {}
    for node in (n for n, weight in enumerate(problem.weights) if weight):
        total = sum(minutes[task] for task in work[node])
        least = max(Fraction(chain[node]), Fraction(total, problem.teams))
        alone += Fraction(problem.weights[node]) * least
        if minutes[last[node]]:
            shifted[last[node]] = shifted.get(last[node], 0.0) + problem.weights[node]
    return max(float(alone), _eastman(minutes, shifted, problem.teams)) / 60


def _eastman(minutes: Sequence[int], weights: dict[int, float], teams: int) -> float:
    """(Σ w·C on one team, best order) / m + (m − 1) / 2m × Σ w·p."""
    total, now = 0.0, 0
    for task in sorted(weights, key=lambda t: -weights[t] / minutes[t]):
        now += minutes[task]
        total += weights[task] * now
    own = sum(weight * minutes[task] for task, weight in weights.items())
    return total / teams + (teams - 1) / (2 * teams) * own

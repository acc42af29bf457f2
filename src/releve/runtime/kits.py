"""Ward kits made by this home: when patients moved, every quarter of an hour, at the opening of a
crisis; then frozen until it is over.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from releve.care.kit import (
    PERIOD,
    Failed,
    Published,
    Refused,
    freeze,
    frozen,
    publish_all,
    read_shelf,
    thaw,
    thawed,
    wards_with_kits,
)
from releve.care.kit import facts as told
from releve.care.ports import Fact
from releve.care.progress import projected
from releve.care.projection import ViewsMissing
from releve.care.views import Views, views_path
from releve.establishment import stored
from releve.kernel.clock import Clock
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.runtime.care_facts import CareFacts
from releve.runtime.faults import Faults

#: Moves are gathered for this long: a ward's kit is not made more often.
_AT_MOST = timedelta(minutes=1)
_LOOK_SECONDS = 1.0
#: A ward's facts kept while the ledger cannot take them.
_UNTOLD = 20


class KitsIncomplete(ReleveError):
    """Des kits n'ont pas été faits, ou pas inscrits au registre : {which}."""

    next_step = (
        "Les kits des autres services sont à jour, et le dernier bon de chacun reste. Relève"
        " recommence de lui-même ; pour voir et corriger : ./run care kit --all"
    )


class HomeKits:
    """:class:`~releve.incident.ports.Kits` of one home, and the rounds of every day. Its calls may
    run in two threads: the kits' own lock gives them turns.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._views = Views(views_path(home))
        self._ledger = CareFacts(home)
        self._made: dict[str, int] = {}
        self._failed: dict[str, str] = {}
        self._untold: dict[str, list[Fact]] = {}
        self._round_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._projected = 0

    def publish(self, now: datetime) -> None:
        """Every ward, moved or not, however long the feed has been silent: the last kits before
        they are frozen. Nothing before the first patient was ever received. Once frozen none is
        made, and those in place are told to the ledger again. Raises ``KitsNotBuilt``, or, every
        other ward being done, :class:`KitsIncomplete`.
        """
        if frozen(self._home) is not None:
            _check(self._tell_current())
        else:
            _check(self._make(None, now, silence=timedelta.max))

    def freeze(self, now: datetime, why: str) -> None:
        """What is published stays; frozen already, the first hour stands."""
        state = freeze(self._home, now, why)
        self._ledger.record([told.frozen(state)])

    def thaw(self, now: datetime) -> None:
        """Kits are made again from the next round on."""
        thaw(self._home, now)
        last = thawed(self._home)
        if last is not None:  # also when an earlier call was stopped before it was told
            self._ledger.record([told.thawed(last)])

    def round(self, now: datetime) -> bool:
        """What is due at ``now``; True when something was made. Nothing is, while frozen."""
        if frozen(self._home) is not None:
            return False
        count = projected(self._home)
        if self._round_at is None or abs(now - self._round_at) >= PERIOD:
            if not count:
                return False
            wrong = self._make(None, now)
            # A ward that failed is tried again at the next look, without all the others.
            self._round_at = self._looked_at = now
            self._projected = count
            _check(wrong)
            return True
        if (count == self._projected and not self._failed) or abs(
            now - (self._looked_at or now)
        ) < _AT_MOST:
            return False
        self._looked_at, self._projected = now, count
        here = set(self._wards())
        again = self._failed.keys() & {*here, *wards_with_kits(self._home)}
        due = again | {code for code in here - again if self._moved(code, now)}
        _check([wrong for code in sorted(due) for wrong in self._make(code, now)])
        return bool(due)

    def _make(self, only: str | None, now: datetime, silence: timedelta | None = None) -> list[str]:
        establishment, now = stored(self._home), now.replace(microsecond=0)
        wrong: list[str] = []
        try:
            for outcome in publish_all(
                self._home,
                self._views,
                now,
                PERIOD,
                only=only,
                establishment=establishment,
                silence=silence,
            ):
                wrong += self._take(outcome)
        except ViewsMissing:
            return []
        return wrong

    def _take(self, outcome: Published | Refused | Failed) -> list[str]:
        """Remember and tell one outcome; what went wrong, in words."""
        ward, wrong = outcome.ward, []
        known = self._failed.pop(ward, None)
        if isinstance(outcome, Published):
            self._made[ward] = hash(outcome.sheet.patients)
        if isinstance(outcome, Failed):
            why = self._failed[ward] = str(outcome.error)
            wrong.append(f"{ward} : {why}")
            if why == known:
                return wrong
        return [*wrong, *self._tell(ward, list(told.facts(outcome)))]

    def _tell(self, ward: str, facts: Sequence[Fact]) -> list[str]:
        """What the ledger refuses is told again with the ward's next facts."""
        due = [*self._untold.pop(ward, ()), *facts]
        try:
            if due:
                self._ledger.record(due)
        except (ReleveError, OSError) as error:
            self._untold[ward] = due[-_UNTOLD:]
            return [f"{ward}, registre : {error}"]
        return []

    def _tell_current(self) -> list[str]:
        wrong: list[str] = []
        for ward in wards_with_kits(self._home):
            try:
                held = read_shelf(self._home, ward).current
            except ReleveError:
                continue  # it was said when it was to be made; frozen, nothing else may be done
            if held is not None:
                wrong += self._tell(ward, [told.published(ward, held)])
        return wrong

    def _wards(self) -> list[str]:
        return [ward.code for ward in self._views.wards() if ward.code]

    def _moved(self, code: str, now: datetime) -> bool:
        """Whether the ward's patients differ from those of the last kit made here."""
        return hash(self._views.ward(code, now).patients) != self._made.get(code)


def _check(wrong: Sequence[str]) -> None:
    if wrong:
        raise KitsIncomplete(which=" ; ".join(wrong))


def kits_of(home: Home) -> HomeKits:
    """The kits of ``home``."""
    return HomeKits(home)


def make_rounds(home: Home, clock: Clock, stop: threading.Event, faults: Faults) -> None:
    """Rounds until told to stop. What cannot be made is told, and tried at the next round."""
    kits = HomeKits(home)
    while not stop.wait(_LOOK_SECONDS):
        try:
            kits.round(clock.now())
        except Exception as error:  # noqa: BLE001  a daemon's loop: kits must not stop the reflexes
            faults.met("kits", error)
            stop.wait(_AT_MOST.total_seconds())

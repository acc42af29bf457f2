"""Ward kits made by this home: when patients moved, every quarter of an hour, at the opening of a
crisis; then frozen until it is over.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime, timedelta

from releve.care.kit import facts as told
from releve.care.kit import freeze, frozen, publish_all, thaw
from releve.care.progress import projected
from releve.care.projection import ViewsMissing
from releve.care.views import Views, views_path
from releve.establishment import stored
from releve.kernel.clock import Clock
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.runtime.care_facts import CareFacts

#: How often each ward's kit is made again, moved or not: older than twice this, it looks old.
PERIOD = timedelta(minutes=15)
#: Moves are gathered for this long: a ward's kit is not made more often.
_AT_MOST = timedelta(minutes=1)
_LOOK_SECONDS = 1.0


class HomeKits:
    """:class:`~releve.incident.ports.Kits` of one home, and the rounds of every day. Its calls may
    run in two threads: the kits' own lock gives them turns.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._views = Views(views_path(home))
        self._ledger = CareFacts(home)
        self._made: dict[str, int] = {}
        self._round_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._projected = 0

    def publish(self, now: datetime) -> None:
        """Every ward, moved or not, however long the feed has been silent: the last kits before
        they are frozen. Nothing before the first patient was ever received. Raises
        ``KitsNotBuilt``, ``PaperRefused``, and what the ledger raises.
        """
        self._publish(None, now, silence=timedelta.max)

    def freeze(self, now: datetime, why: str) -> None:
        """What is published stays; frozen already, the first hour stands."""
        state = freeze(self._home, now, why)
        number = int(state.since.timestamp() * 1000)
        self._ledger.record([told.frozen(state, number)])

    def thaw(self, now: datetime) -> None:
        """Kits are made again from the next round on."""
        thaw(self._home)

    def round(self, now: datetime) -> bool:
        """What is due at ``now``; True when something was made. Nothing is, while frozen."""
        if frozen(self._home) is not None:
            return False
        count = projected(self._home)
        if self._round_at is None or abs(now - self._round_at) >= PERIOD:
            if not count:
                return False
            self._publish(None, now)
            self._round_at = self._looked_at = now
            self._projected = count
            return True
        if count == self._projected or abs(now - (self._looked_at or now)) < _AT_MOST:
            return False
        self._looked_at, self._projected = now, count
        moved = [code for code in self._wards() if self._moved(code, now)]
        for code in moved:
            self._publish(code, now)
        return bool(moved)

    def _publish(self, only: str | None, now: datetime, silence: timedelta | None = None) -> None:
        establishment, now = stored(self._home), now.replace(microsecond=0)
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
                self._ledger.record(list(told.facts(outcome)))
                self._moved(outcome.ward, now)
        except ViewsMissing:
            return

    def _wards(self) -> list[str]:
        return [ward.code for ward in self._views.wards() if ward.code]

    def _moved(self, code: str, now: datetime) -> bool:
        """Whether the ward's patients differ from what was last seen of them here."""
        seen = hash(self._views.ward(code, now).patients)
        before = self._made.get(code)
        self._made[code] = seen
        return seen != before


def kits_of(home: Home) -> HomeKits:
    """The kits of ``home``."""
    return HomeKits(home)


def make_rounds(home: Home, clock: Clock, stop: threading.Event) -> None:
    """Rounds until told to stop. What cannot be made is said once, and tried at the next round."""
    kits, said = HomeKits(home), ""
    while not stop.wait(_LOOK_SECONDS):
        try:
            kits.round(clock.now())
        except Exception as error:  # noqa: BLE001  a daemon's loop: kits must not stop the reflexes
            if str(error) != said:
                said = str(error)
                remedy = error.remedy if isinstance(error, ReleveError) else ""
                sys.stderr.write(f"kits : {type(error).__name__} : {error}\n{remedy}\n")
            stop.wait(_AT_MOST.total_seconds())

"""What becomes of patients' files through the night: the feed, the census, the kits, total loss.

The record system and its own list of who lies where are the simulator's; the census, the kits and
the codes are asked at the product's doors.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from releve.drill.measures import Kind
from releve.drill.ports import Placed, Platform
from releve.drill.scenario import Scenario
from releve.drill.simulator.continuity import Browser, ContinuityMachine, chromium
from releve.drill.simulator.his import His, Order, Resident, Ward, read_wards
from releve.drill.stage import Stage
from releve.drill.verdict import Counted
from releve.kernel.clock import Clock
from releve.kernel.errors import ReleveError
from releve.kernel.units import thousands

_LOADED_SECONDS = 60.0
_CATCH_UP_SECONDS = 15.0
_KITS_SECONDS = 60.0
_POLL_SECONDS = 0.1
_KITS = ("care.kit_patients", "care.first_file_seconds")


@dataclass(frozen=True)
class _Opened:
    """The numbers read in a kit, and when the patient looked for was seen."""

    ipps: frozenset[str]
    marker_at: float | None


#: Who lies where, as both sides can say it: number, unit, room and bed.
Place = tuple[str, str, str, str]


class Bedside:
    """Made before the story begins; ``reasons`` say why a figure could not be taken."""

    def __init__(
        self,
        platform: Platform,
        stage: Stage,
        clock: Clock,
        scenario: Scenario,
        seed: int,
        establishment: Path,
        folder: Path,
    ) -> None:
        self._platform, self._stage, self._clock = platform, stage, clock
        self._wards = _wards(read_wards(establishment), scenario, seed)
        order = Order(
            seed=seed,
            start=scenario.start.isoformat(),
            wards=self._wards,
            patients=scenario.feed.patients,
            messages_per_s=scenario.feed.messages_per_s,
            legal_entity=str(scenario.finess),
        )
        self.his = His(platform.home.path, order)
        self._work = folder / "navigateur"
        self._station = ContinuityMachine(platform.kits(), folder / "poste-de-continuite")
        self._codes: dict[str, str] = {}
        self._census: tuple[Placed, ...] = ()
        self.reasons: dict[str, str] = {}
        self.messages: int | None = None
        self.messages_lost: int | None = None
        self.census: Counted | None = None
        self.kits: Counted | None = None
        self.first_file_seconds: float | None = None

    def start(self) -> None:
        """The record system sends its first load, then the ward day."""
        address = urlsplit(self._platform.address("listener"))
        self.his.start(address.hostname or "127.0.0.1", address.port or 0)

    def wait_loaded(self) -> None:
        """The story goes on once every patient present is known."""
        if not self.his.wait_loaded(_LOADED_SECONDS):
            self._stage.happened("Hôpital", "premier chargement des patients inachevé", "failure")
            return
        count = sum(map(len, self.his.census().values()))
        text = f"{count} patients présents, leurs messages arrivent"
        self._stage.happened("Dossier patient", text, "ok")

    def kill_listener(self) -> None:
        """SIGKILL while it receives; the record system sends again what had no answer."""
        os.kill(self._platform.pid("listener"), signal.SIGKILL)

    def kill_his(self) -> None:
        """The record system dies with the servers the attack reaches."""
        doubtful = self.his.kill()
        rows = self.his.acknowledged()
        self.messages = len(rows)
        if doubtful:
            text = f"{doubtful} messages sans réponse au moment de sa mort"
            self._stage.happened("Dossier patient", text, "info")

    def compare_census(self) -> None:
        """Read the product's census until it says what the record system's list says."""
        expected = self._expected()
        limit = self._clock.monotonic() + _CATCH_UP_SECONDS
        while True:
            self._census = tuple(self._platform.census())
            shown = {(one.ipp, one.ward, one.room, one.bed) for one in self._census}
            if shown == expected or self._clock.monotonic() > limit:
                break
            self._clock.sleep(_POLL_SECONDS)
        wrong = len(shown - expected)
        self.census = Counted(len(shown & expected) - wrong, len(expected))
        text = f"{len(shown & expected)} patients sur {len(expected)} dans le bon lit"
        tone: Kind = "ok" if shown == expected else "failure"
        self._stage.happened("Relève", text + (f", {wrong} de trop" if wrong else ""), tone)

    def read_messages_back(self) -> None:
        """Every acknowledged message must be readable, byte for byte."""
        wanted = {row.sha256 for row in self.his.acknowledged()}
        self.messages_lost = len(wanted - self._platform.readable_messages())
        text = f"{thousands(len(wanted))} messages confirmés relus un à un"
        self._stage.happened(
            "Dossier patient", text, "info" if not self.messages_lost else "failure"
        )

    def take_kits(self, frozen: threading.Event) -> None:
        """The continuity machine copies what is published until the last kits are frozen, and
        somebody opens the envelopes.
        """
        if why := self._platform.kits_missing():
            self.reasons |= dict.fromkeys(_KITS, why)
            return
        limit = self._clock.monotonic() + _KITS_SECONDS
        while not frozen.is_set() and self._clock.monotonic() < limit:
            self._station.pull()
            self._clock.sleep(_POLL_SECONDS)
        while self._station.pull().kept and self._clock.monotonic() < limit:
            self._clock.sleep(_POLL_SECONDS)  # a copy made between a page and its signature
        wards = {placed.ward for placed in self._census}
        missing = sorted(wards - set(self._station.kits()))
        if missing:
            text = f"aucun kit pour {', '.join(missing)}"
            self._stage.happened("Poste de continuité", text, "failure")
        for ward in self._station.kits():
            with suppress(ReleveError):
                self._codes[ward] = self._platform.kit_code(ward)

    def lose_everything(self) -> None:
        """Everything is stopped and erased; then a file is opened from a kit, and all counted."""
        began = self._clock.monotonic()
        self._platform.lose_patient_stores()
        self._stage.happened("Panne", "tout est arrêté, les dossiers sont effacés", "attack")
        if not self._codes:
            self.reasons = dict.fromkeys(_KITS, "aucun kit à ouvrir") | self.reasons
            return
        first = self._ward_of(self.his.marker)
        order = [first, *sorted(set(self._codes) - {first})]
        executable = chromium()
        with ExitStack() as held:
            browser = held.enter_context(Browser(executable, self._work)) if executable else None
            opened = {ward: self._open(ward, browser) for ward in order}
        seen = opened[first]
        if seen is not None and seen.marker_at is not None:
            self.first_file_seconds = seen.marker_at - began
            how = "navigateur, sans réseau" if executable else "déchiffré sans navigateur"
            who = f"{self.his.marker.name} {self.his.marker.first_names}"
            text = f"{who} : dossier lu dans le kit {first} ({how})"
            self._stage.happened("Poste de continuité", text, "ok")
        self._count({ward: one.ipps for ward, one in opened.items() if one is not None})

    def close(self) -> None:
        """Nothing of it is left running."""
        self.his.stop()

    # -- one by one -------------------------------------------------------------------------------

    def _expected(self) -> set[Place]:
        residents = (one for ward in self.his.census().values() for one in ward)
        return {(one.ipp, one.unit, one.room, one.bed) for one in residents}

    def _ward_of(self, marker: Resident) -> str:
        """The kit that holds the patient looked for, or any other one."""
        found = [one.ward for one in self._census if one.ipp == marker.ipp]
        return found[0] if found and found[0] in self._codes else next(iter(sorted(self._codes)))

    def _open(self, ward: str, browser: Browser | None) -> _Opened | None:
        """In the browser when there is one; otherwise by the verb, and that is said."""
        kit, code, marker = self._station.kits()[ward], self._codes[ward], self.his.marker
        try:
            if browser is not None:
                seen = browser.open(kit, code, marker.name)
                if seen.requests:
                    text = f"le kit {ward} a demandé {seen.requests} fois le réseau"
                    self._stage.happened("Poste de continuité", text, "failure")
                return _Opened(seen.ipps, seen.marker_at)
            ipps = frozenset(one.ipp for one in self._platform.open_kit(kit, code))
            return _Opened(ipps, self._clock.monotonic() if marker.ipp in ipps else None)
        except ReleveError as error:
            self._stage.happened("Poste de continuité", f"kit {ward} : {error}", "failure")
            return None

    def _count(self, opened: Mapping[str, frozenset[str]]) -> None:
        """Patients of the product's last census that are in the kit of their ward."""
        held = {(ward, ipp) for ward, ipps in opened.items() for ipp in ipps}
        wanted = {(placed.ward, placed.ipp) for placed in self._census}
        self.kits = Counted(len(held & wanted) - len(held - wanted), len(wanted))
        text = f"{len(held & wanted)} patients sur {len(wanted)} dans {len(opened)} kits ouverts"
        self._stage.happened("Poste de continuité", text, "ok" if held == wanted else "failure")


def _wards(known: tuple[Ward, ...], scenario: Scenario, seed: int) -> tuple[Ward, ...]:
    """The wards that the scenario plays: enough of them for its patients, drawn."""
    wanted: list[Ward] = []
    order = list(known)
    Random(f"{seed}/wards").shuffle(order)  # noqa: S311 (a story)
    for ward in order:
        if sum(len(one.beds) for one in wanted) < scenario.feed.patients * 1.2:
            wanted.append(ward)
    return tuple(sorted(wanted, key=known.index))

"""The engine's handle on the record system: it outlives the process, as an auditor's copy would.

The story is drawn again here, in step with what the process says was acknowledged: the census
needs no help from a process that the night has killed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from releve.drill.simulator.errors import SimulatorFailed
from releve.drill.simulator.his.order import Order
from releve.drill.simulator.his.story import Story
from releve.drill.simulator.his.telling import Message
from releve.drill.simulator.his.truth import Resident, Truth
from releve.drill.simulator.processes import Child
from releve.kernel.clock import from_iso
from releve.kernel.outward import HttpTarget, Outward
from releve.kernel.world import World

_WHO = "logiciel du dossier patient"
_PAUSE_S = 8.0


@dataclass(frozen=True)
class Acknowledged:
    """A message that the receiver answered AA: it must be readable for ever after.

    ``sender`` is MSH-3|MSH-4; ``sha256`` is of the bytes between the MLLP marks. A message sent
    twice and acknowledged twice has two rows.
    """

    at: datetime
    sender: str
    control_id: str
    sha256: str


class His:
    """A record system and its laboratory, as one process. Thread-safe.

    ``home`` is the drill's own: the process reaches loopback addresses only. Raises
    ``SimulatorFailed`` when the process does not start or does not answer.
    """

    def __init__(self, home: Path, order: Order) -> None:
        self.order, self._home = order, home
        self._story = Story(order)
        self.marker: Resident = self._story.marker
        self._upcoming = self._story.messages()
        self._drawn: dict[int, Message] = {}
        self._truth = Truth()
        self._rows: list[Acknowledged] = []
        self._refused: list[str] = []
        self._paused = 0
        self._doubtful = 0
        self._loaded = self._ended = False
        self._changed = threading.Condition()
        self._child = Child("releve.drill.simulator.his", [str(home)])
        self._child.send(order.write())
        if self._child.read() is None:
            raise SimulatorFailed(who=_WHO, why="le processus n'a pas démarré")
        self._reader = threading.Thread(target=self._listen, name="his", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._child.process.pid

    def start(self, host: str, port: int) -> None:
        """Send to that MLLP listener, from the first load on; again to send elsewhere.

        Raises ``WrongWorld`` for anything but this machine.
        """
        Outward(World.DRILL, self._home).admit(HttpTarget(f"mllp://{host}:{port}"))
        self._child.send({"do": "start", "host": host, "port": port})

    def wait_loaded(self, timeout: float) -> bool:
        """True once every message of the first load is acknowledged."""
        return self._wait(lambda: self._loaded, timeout) and self._loaded

    def wait_acknowledged(self, count: int, timeout: float) -> bool:
        """True once that many acknowledgements came."""
        return self._wait(lambda: len(self._rows) >= count, timeout) and len(self._rows) >= count

    def pause(self) -> int:
        """Stop sending and wait until no answer is awaited; returns how many messages were sent
        and never answered (at most one per connection): the receiver may or may not hold them.
        """
        asked = self._paused
        self._child.send({"do": "pause"})
        if not self._wait(lambda: self._paused > asked, _PAUSE_S) or self._paused == asked:
            raise SimulatorFailed(who=_WHO, why="il ne s'arrête pas d'émettre")
        return self._doubtful

    def resume(self) -> None:
        """Send again, from where it stopped."""
        self._child.send({"do": "resume"})

    def kill(self) -> int:
        """SIGKILL, a moment after its last answer came (a message sent and never answered would
        make the census a matter of opinion); returns how many stayed doubtful all the same.
        """
        doubtful = 0 if self._ended else self.pause()
        self._child.process.kill()
        self._reader.join()
        self._child.stop()
        return doubtful

    def stop(self) -> None:
        """End it; idempotent. What it said remains."""
        self._child.send({"do": "stop"})
        self._reader.join(_PAUSE_S)
        self._child.stop()
        self._reader.join()

    def census(self) -> dict[str, tuple[Resident, ...]]:
        """Ward code → who really lies there, as of what was acknowledged."""
        with self._changed:
            return self._truth.census()

    def acknowledged(self) -> list[Acknowledged]:
        """Every AA, oldest first."""
        with self._changed:
            return list(self._rows)

    @property
    def refused(self) -> list[str]:
        """Control ids answered AE: kept by the receiver, aside."""
        with self._changed:
            return list(self._refused)

    def _wait(self, until: Callable[[], bool], timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: until() or self._ended, timeout)

    def _listen(self) -> None:
        while (said := self._child.read()) is not None:
            with self._changed:
                self._note(said)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _note(self, said: dict[str, object]) -> None:
        event = said["event"]
        if event in ("aa", "ae"):
            message = self._message(int(str(said["number"])))
            if event == "ae":
                self._refused.append(message.control_id)
                return
            self._truth.take(message.facts)
            at, digest = from_iso(str(said["at"])), str(said["sha256"])
            self._rows.append(Acknowledged(at, str(said["sender"]), message.control_id, digest))
        elif event == "paused":
            self._paused += 1
            self._doubtful = int(str(said["doubtful"]))
        elif event == "loaded":
            self._loaded = True

    def _message(self, number: int) -> Message:
        """Each is asked for once; the two connections advance at their own pace."""
        while number not in self._drawn:
            message = next(self._upcoming)
            self._drawn[message.number] = message
        return self._drawn.pop(number)

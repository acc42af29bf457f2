"""The patient feed's two paces: durable and in the views, and the journal alone.

    ./run bench care_ingest

Eight connections, 32 messages in flight each, one sender process on the same cores: its CPU is in
the figures. Messages are a ward's day of identities, movements, prescriptions and eight-line
results, about 1,000 bytes; each lap is for new patients (tests/care/traffic.py). Baselines of the
same minute: this disk's fdatasync/s, and python-hl7 reading the same messages.

(a) the listener and the projector at work; counted when the views hold them, from the first send
to the last projected. (b) the listener alone.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rows import Row
from tests.care.traffic import LAP, Lap, Line, ward_day

import hl7
from releve.care.mllp import END, frame
from releve.care.progress import projected
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World

CONNECTIONS, WINDOW = 8, 32
#: The published figure is taken over 60 s: RELEVE_BENCH_SECONDS=60 ./run bench care_ingest.
SECONDS = float(os.environ.get("RELEVE_BENCH_SECONDS", "10"))
_SETTLE_SECONDS = 120.0
_FDATASYNC_BYTES = 1300
_AGAIN = 3


def measure() -> list[Row]:
    """For ``./run bench``."""
    with tempfile.TemporaryDirectory() as folder:
        pace = _fdatasyncs(Path(folder), 1.0)
        reader = _python_hl7(1.0)
        alone = _received(Path(folder) / "alone", SECONDS / 2)
        both, spent = _projected(Path(folder) / "both", SECONDS)
    return [
        Row("durable et projeté", both, "msg/s", ">=", 8_000),
        Row("processeur du projecteur par message", spent * 1e6, "µs", "<=", 125),
        Row("journal seul", alone, "msg/s", ">=", 50_000),
        Row("durable et projeté ÷ python-hl7", both / reader, "×", ">=", 5),
        Row("journal seul ÷ fdatasync", alone / pace, "×", ">=", 5),
    ]


def _received(path: Path, seconds: float) -> float:
    home = birth(path, World.DRILL, SystemClock().now())
    with _part("listener", home) as (address, _):
        count, elapsed = _send(address, seconds)
    return count / elapsed


def _projected(path: Path, seconds: float) -> tuple[float, float]:
    """Messages in the views per second, those of the tail included; CPU seconds that each cost the
    projector, which is one thread: the inverse is what it could do alone on a core.
    """
    home = birth(path, World.DRILL, SystemClock().now())
    with _part("projector", home) as (_, projector), _part("listener", home) as (address, _):
        start, spent = time.monotonic(), _cpu(projector)
        count, _ = _send(address, seconds, home)
        give_up = time.monotonic() + _SETTLE_SECONDS
        while projected(home) < count and time.monotonic() < give_up:
            time.sleep(0.005)
        held = projected(home)
        return held / (time.monotonic() - start), (_cpu(projector) - spent) / held


def _cpu(process: int) -> float:
    """Seconds of processor that a live process has used (proc(5): utime and stime)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _part(name: str, home: Home) -> Iterator[tuple[tuple[str, int], int]]:
    """A part at work: where it listens, and its process."""
    command = [sys.executable, "-m", f"releve.runtime.{name}", "--home", str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())["endpoints"]
        port = said.get("listener", ":0").rstrip("/").rpartition(":")[2]
        try:
            yield ("127.0.0.1", int(port)), process.pid
        finally:
            process.terminate()


class _Sender:
    """One connection with its window always full."""

    def __init__(self, address: tuple[str, int], messages: Iterator[bytes]) -> None:
        self.line = Line(address)
        self.sent = self.answered = 0
        self._messages = messages
        self._last = b""

    def fill(self) -> None:
        """Send until the window is full."""
        room = WINDOW - (self.sent - self.answered)
        self.line.socket.sendall(b"".join([frame(next(self._messages)) for _ in range(room)]))
        self.sent += room

    def hear(self) -> None:
        """Count the answers that have come; an end may lie across two reads."""
        data = self._last + self.line.socket.recv(1 << 16)
        assert data, "le listener a raccroché"
        self.answered += data.count(END)
        self._last = data[-1:] if data.endswith(END[:1]) else b""


def _send(address: tuple[str, int], seconds: float, home: Home | None = None) -> tuple[int, float]:
    """Messages answered AA, and the time it took. With ``home``, the sender slows down when the
    views are far behind, as a feed that never stops must, and so that the tail stays short.
    """
    lap = Lap(ward_day())
    senders = [_Sender(address, lap.messages(number, CONNECTIONS)) for number in range(CONNECTIONS)]
    selector = selectors.DefaultSelector()
    start = time.monotonic()
    for sender in senders:
        selector.register(sender.line.socket, selectors.EVENT_READ, sender)
        sender.fill()
    while time.monotonic() - start < seconds:
        for key, _ in selector.select():
            key.data.hear()
            key.data.fill()
        if home is not None:
            _wait_for_views(home, sum(sender.answered for sender in senders))
    for sender in senders:
        while sender.answered < sender.sent:
            sender.hear()
        sender.line.close()
    return sum(sender.answered for sender in senders), time.monotonic() - start


def _wait_for_views(home: Home, answered: int) -> None:
    while answered - projected(home) > 20_000:
        time.sleep(0.002)


def _fdatasyncs(folder: Path, seconds: float) -> float:
    """Appends of one message, each made durable alone, per second."""
    descriptor = os.open(folder / "pace", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    record, count, start = bytes(_FDATASYNC_BYTES), 0, time.monotonic()
    while time.monotonic() - start < seconds:
        os.write(descriptor, record)
        os.fdatasync(descriptor)
        count += 1
    os.close(descriptor)
    return count / (time.monotonic() - start)


def _python_hl7(seconds: float) -> float:
    """python-hl7 parsing the same messages, one process, per second."""
    texts = [message.replace(LAP, b"00001").decode() for message in ward_day(10)]
    count, start = 0, time.monotonic()
    while time.monotonic() - start < seconds:
        for text in texts:
            hl7.parse(text)
        count += len(texts)
    return count / (time.monotonic() - start)

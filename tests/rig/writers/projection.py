"""The views under load: messages received by a listener, projected in the same life.

Acknowledged = the views have said that they hold it (``HOME/run/care.views``). Found = the number
of rows that its effect left in the views, once the product has started again and caught up; views
that know more than the journal are a failure of the whole folder.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import uvloop

from releve.care.intake import Intake
from releve.care.progress import projected
from releve.care.projecting import Feeder, Projecting
from releve.care.projection import Projector
from releve.care.rebuilding import Tally, compare, feed
from releve.care.views import Views, views_path
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from tests.care.traffic import Line, msa
from tests.rig.contract import ack, mutant, run
from tests.rig.writers.care_journal import born, message, serve

_SEGMENT_BYTES = 24 * 1024


def work(folder: Path, seed: int) -> None:
    """Serve, project, and send until killed."""
    home = born(folder)
    with Intake.open(home, segment_bytes=_SEGMENT_BYTES) as intake:
        _catch_up(home, len(intake))
        peers = socket.create_server(("127.0.0.1", 0))
        projecting = threading.Thread(target=_project, args=(home,), daemon=True)
        sending = threading.Thread(
            target=_send, args=(home, peers.getsockname(), seed), daemon=True
        )
        projecting.start()
        sending.start()
        uvloop.run(serve(home, intake, peers))


def _project(home: Home) -> None:
    projector = Projector(views_path(home))
    if mutant():
        _without_sync(projector)
    projecting = Projecting(home, Feeder(home, projector, Tally()), projector.cursor)
    while True:
        projecting.step(0.5)


def _without_sync(projector: Projector) -> None:
    base = vars(projector)["_base"]
    base.execute("PRAGMA synchronous = OFF")


def _send(home: Home, address: tuple[str, int], seed: int) -> None:
    chance = random.Random(seed)
    line, count = Line(address), 0
    with suppress(OSError):
        while True:
            names = [f"{seed}-{count + n}" for n in range(chance.choice((1, 2, 5, 32)))]
            count += len(names)
            answers = line.ask(*map(message, names))
            places = [int(answer.split(b"|")[9].removeprefix(b"RLV")) for answer in answers]
            assert all(msa(answer)[1] == "AA" for answer in answers)
            while projected(home) <= places[-1]:
                time.sleep(0.001)
            for name in names:
                ack(name)


def check(folder: Path) -> Counter[str]:
    """Start again, catch up, count the results of each patient; a rebuild must find the same."""
    home = born(folder)
    with Intake.open(home, segment_bytes=_SEGMENT_BYTES) as intake:
        _catch_up(home, len(intake))
    if compare(home)[1] is not None:
        raise AssertionError("les vues ne sont pas celles que donne le journal")
    views, now, found = Views(views_path(home)), SystemClock().now(), Counter[str]()
    for one in views.find("ESSAI-BANC", limit=1_000_000):
        sheet = views.patient(one.key, now)
        assert sheet is not None
        found[sheet.traits.ipp] += len(sheet.section("results").rows)
    views.close()
    return found


def _catch_up(home: Home, count: int) -> None:
    """As the projector part does when it starts; views ahead of the journal are refused."""
    feed(home, views_path(home), count)


if __name__ == "__main__":
    run(work, check)

"""The listener under load: four senders on real connections, each message named by its MSH-10.

Acknowledged = answered AA by MLLP. Found = deciphered from the journal after it has been recovered:
a record whose month's key did not reach the disk is lost too.
"""

from __future__ import annotations

import random
import shutil
import socket
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import uvloop

from releve.care import durable_line
from releve.care.durable_line import DurableLine
from releve.care.intake import Intake, Kept
from releve.care.listener import Listener
from releve.care.mllp import read_head
from releve.care.senders import Senders
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from tests.care.traffic import Line, msa
from tests.rig.contract import ack, run

_SEGMENT_BYTES = 24 * 1024
_THREADS = 4


def work(folder: Path, seed: int) -> None:
    """Serve, and send to it until killed."""
    home = born(folder)
    with Intake.open(home, segment_bytes=_SEGMENT_BYTES) as intake:
        peers = socket.create_server(("127.0.0.1", 0))
        for number in range(_THREADS):
            arguments = (peers.getsockname(), seed, number)
            threading.Thread(target=_send, args=arguments, daemon=True).start()
        uvloop.run(serve(home, intake, peers))


async def serve(home: Home, intake: Intake, peers: socket.socket) -> None:
    """As the listener part does."""
    line = DurableLine(len(intake))
    await line.serve(durable_line.bind(home))
    await Listener(intake, Senders(), SystemClock(), line).serve(peers, lambda: None)


def _send(address: tuple[str, int], seed: int, number: int) -> None:
    chance = random.Random(f"{seed}/{number}")
    line, count = Line(address), 0
    with suppress(OSError):
        while True:
            names = [f"{seed}-{number}-{count + n}" for n in range(chance.choice((1, 1, 2, 5, 32)))]
            count += len(names)
            for name, answer in zip(names, line.ask(*map(message, names)), strict=True):
                found = msa(answer)
                if found[1:3] == ["AA", name]:
                    ack(name)


def message(name: str) -> bytes:
    """A result of a patient that bears the same name."""
    return (
        f"MSH|^~\\&|LABO|BANC|RELEVE|BANC|20261123030000||ORU^R01^ORU_R01|{name}|T|2.5\r"
        f"PID|1||{name}^^^BANC^PI||ESSAI-BANC^Panne\r"
        f"OBR|1|{name}^DPI|{name}^LABO|K^Potassium|||20261123020000\r"
        f"OBX|1|NM|K^Potassium||4.1|mmol/L|||||F|||20261123020000\r"
    ).encode()


def check(folder: Path) -> Counter[str]:
    """Reopen as the product does, decipher everything."""
    with Intake.open(born(folder), segment_bytes=_SEGMENT_BYTES) as intake:
        return Counter(
            read_head(kept.raw).field(10).decode()
            for kept in intake.read()
            if isinstance(kept, Kept)
        )


def born(folder: Path) -> Home:
    """A home killed while it was being born holds nothing yet: it is born again."""
    path = folder / "home"
    if path.exists() and not (path / "home.json").exists():
        shutil.rmtree(path)
    return birth(path, World.DRILL, SystemClock().now())


if __name__ == "__main__":
    run(work, check)

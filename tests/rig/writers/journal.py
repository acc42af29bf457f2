"""The journal under load: four threads, small segments so that it often starts a new one."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path

from releve.journal import Journal, Origin
from tests.rig.contract import ack, run

_ORIGIN = Origin("0" * 32, 1)
_SEGMENT_BYTES = 24 * 1024
_THREADS = 4


def work(folder: Path, seed: int) -> None:
    """Append until killed; each record starts with its ID."""
    with Journal.open(folder / "journal", _ORIGIN, segment_bytes=_SEGMENT_BYTES) as journal:
        workers = [
            threading.Thread(target=_append, args=(journal, seed, number), daemon=True)
            for number in range(_THREADS)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def _append(journal: Journal, seed: int, number: int) -> None:
    chance = random.Random(f"{seed}/{number}")
    count = 0
    while True:
        names = [f"{seed}-{number}-{count + i}" for i in range(chance.choice((1, 1, 1, 2, 5)))]
        count += len(names)
        journal.append_many(
            [name.encode() + b" " + chance.randbytes(chance.randrange(2000)) for name in names]
        )
        for name in names:
            ack(name)


def check(folder: Path) -> Counter[str]:
    """Reopen as the product does, then count each ID."""
    with Journal.open(folder / "journal", _ORIGIN, segment_bytes=_SEGMENT_BYTES) as journal:
        return Counter(record.payload.split(b" ", 1)[0].decode() for record in journal.read())


if __name__ == "__main__":
    run(work, check)

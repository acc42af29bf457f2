"""The ledger's signer under load: four threads append, a fifth publishes without rest."""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from pathlib import Path

from releve.journal import read_journal
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth, sole_writer
from releve.kernel.ids import Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Signer, Tool, from_json, read_checkpoint
from releve.ledger.tiles import TileReader
from tests.rig.contract import ack, run

_SEGMENT_BYTES = 24 * 1024
_THREADS = 4


def work(folder: Path, seed: int) -> None:
    """Append until killed; the ID of an entry stands in its ``system``."""
    home = _home(folder)
    with sole_writer(home, "signer"), Signer(home, segment_bytes=_SEGMENT_BYTES) as signer:
        threading.Thread(target=_publish, args=(signer,), daemon=True).start()
        workers = [
            threading.Thread(target=_append, args=(signer, seed, number), daemon=True)
            for number in range(_THREADS)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def check(folder: Path) -> Counter[str]:
    """Reopen as the product does; the rebuilt tiles must carry the journal's entries and lead to
    the signed root.
    """
    home = _home(folder)
    with sole_writer(home, "signer"), Signer(home, segment_bytes=_SEGMENT_BYTES) as signer:
        head = read_checkpoint(signer.place.checkpoint.read_bytes(), signer.key)
        tiles = TileReader(signer.place.log)
        if head.size != len(signer) or tiles.root(head.size) != head.root:
            raise AssertionError(f"tuiles ou point de contrôle non reconstruits : {head}")
        found = Counter[str]()
        for record in read_journal(signer.place.journal):
            if tiles.entry(record.index, head.size) != record.payload:
                raise AssertionError(f"entrée {record.index} : tuile et journal diffèrent")
            found[from_json(record.payload).system] += 1
    return found


def _home(folder: Path) -> Home:
    """The home of an earlier life; one killed before ``home.json`` existed had acknowledged
    nothing.
    """
    path = folder / "home"
    if path.exists() and not (path / "home.json").exists():
        shutil.rmtree(path)
    return birth(path, World.DRILL, SystemClock().now())


def _publish(signer: Signer) -> None:
    while True:
        signer.publish()


def _append(signer: Signer, seed: int, number: int) -> None:
    chance = random.Random(f"{seed}/{number}")
    count = 0
    while True:
        batch = [
            _evidence(f"{seed}-{number}-{count + i}", f"rig/{seed}/{number}", count + i + 1)
            for i in range(chance.choice((1, 1, 1, 2, 5)))
        ]
        count += len(batch)
        signer.append_many(batch)
        for evidence in batch:
            ack(evidence.system)


def _evidence(identifier: str, origin: str, number: int) -> Evidence:
    return Evidence(
        what="entrée du banc de pannes",
        when=SystemClock().now(),
        system=identifier,
        value=number,
        unit="entrées",
        tool=Tool("rig", "1"),
        finess=Finess("990000010"),
        reality=Reality.SIMULATED,
        kind="measure",
        origin=origin,
        number=number,
    )


if __name__ == "__main__":
    run(work, check)

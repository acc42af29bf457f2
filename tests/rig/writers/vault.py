"""The vault's store under load: four threads receive objects, each acknowledged by its receipt."""

from __future__ import annotations

import hashlib
import random
import shutil
import threading
from collections import Counter
from pathlib import Path

from releve.journal import read_journal
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.ids import MachineName
from releve.kernel.world import World
from releve.vault.objects import Kind, Ref, decode_receipt
from releve.vault.register import Register, receipts_folder
from tests.rig.contract import ack, run

_THREADS = 4
_MACHINE = MachineName("PC-RIG")


def work(folder: Path, seed: int) -> None:
    """Receive until killed; each object starts with its ID."""
    register = Register(_home(folder), SystemClock())
    workers = [
        threading.Thread(target=_receive, args=(register, seed, number), daemon=True)
        for number in range(_THREADS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _receive(register: Register, seed: int, number: int) -> None:
    chance = random.Random(f"{seed}/{number}")
    count = 0
    while True:
        name = f"{seed}-{number}-{count}"
        count += 1
        upload = register.store.upload()
        upload.write([name.encode() + b" ", chance.randbytes(chance.randrange(4000))])
        kind = chance.choice((Kind.DATA, Kind.DATA, Kind.INDEX, Kind.SNAPSHOTS))
        if register.receive(upload, Ref(_MACHINE, kind, upload.digest)) is not None:
            ack(name)


def check(folder: Path) -> Counter[str]:
    """Start as the receiver does, then count the receipts of each object that is whole on disk.

    An object without receipt, or a receipt counted twice, shows as absent or twice.
    """
    home = _home(folder)
    register = Register(home, SystemClock())
    found: Counter[str] = Counter()
    for record in read_journal(receipts_folder(home.path / "vault")):
        ref = decode_receipt(record.payload).ref
        path = register.store.path(ref)
        data = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(data).hexdigest() == ref.name:
            found[data.split(b" ", 1)[0].decode()] += 1
    register.close()
    return found


def _home(folder: Path) -> Home:
    """A home killed while it was being born holds nothing yet: it is born again."""
    path = folder / "home"
    if path.exists() and not (path / "home.json").exists():
        shutil.rmtree(path)
    return birth(path, World.DRILL, SystemClock().now())


if __name__ == "__main__":
    run(work, check)

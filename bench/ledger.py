"""The ledger's two figures: durable appends against this disk's own pace, and one proof among ten
million.

    ./run bench ledger

(a) eight client processes append through the signer's socket, each waiting for its index before the
next; divided by this disk's fdatasync/s, measured just before and just after in the same folder.
(b) inclusion proofs from tiles on disk, each with nothing kept in memory from the one before.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from bench.rows import Row

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.ids import Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, LedgerClient, Place, Tool
from releve.ledger.merkle import inclusion_proof, verify_inclusion
from releve.ledger.tiles import TileReader, TileWriter

CLIENTS = 8
PROOFS = 2_000
_RECORD_BYTES = 512


def measure() -> list[Row]:
    """For ``./run bench``: the two goals of the ledger."""
    with tempfile.TemporaryDirectory() as folder:
        written = appends(Path(folder), 5.0)
        proved = proofs(Path(folder), 10_000_000)
    return [
        Row("appends ÷ fdatasync", written["append_ratio"], "×", ">=", 1.0),
        Row("inclusion à 10 M d'entrées (p50)", proved["proof_p50_ms"], "ms", "<=", 1.0),
    ]


def appends(folder: Path, seconds: float) -> dict[str, float]:
    """(a): appends/s by eight processes ÷ fdatasync/s of the same disk, same run."""
    before = fdatasyncs(folder, 2.0)
    home = birth(folder / "home", World.DRILL, SystemClock().now())
    command = [sys.executable, "-m", "releve.runtime.signer", "--home", str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as signer:
        assert signer.stdout is not None
        signer.stdout.readline()
        rate, waits = _load(home, seconds)
        signer.terminate()
    after = fdatasyncs(folder, 2.0)
    pace = (before + after) / 2
    return {
        "fdatasync_per_second": round(pace),
        "append_per_second": round(rate),
        "append_ratio": round(rate / pace, 2),
        "append_p50_ms": round(statistics.median(waits) * 1000, 3),
        "append_p99_ms": round(statistics.quantiles(waits, n=100)[98] * 1000, 3),
    }


def fdatasyncs(folder: Path, seconds: float) -> float:
    """Appends of one record, each made durable alone, per second."""
    descriptor = os.open(folder / "pace", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    record, count, start = bytes(_RECORD_BYTES), 0, time.monotonic()
    while time.monotonic() - start < seconds:
        os.write(descriptor, record)
        os.fdatasync(descriptor)
        count += 1
    os.close(descriptor)
    return count / (time.monotonic() - start)


def proofs(folder: Path, entries: int) -> dict[str, float]:
    """(b): the time of one inclusion proof in a log of ``entries`` entries."""
    writer = TileWriter(folder / "log", write=_write)
    start = time.monotonic()
    for index in range(entries):
        writer.add_hash(sha256(index.to_bytes(8, "big")).digest())
    writer.flush()
    built, root = time.monotonic() - start, writer.root()
    chance, waits = random.Random(1), []
    for _ in range(PROOFS):
        index = chance.randrange(entries)
        start = time.perf_counter()
        proof = inclusion_proof(index, entries, TileReader(folder / "log").node_at(entries))
        waits.append(time.perf_counter() - start)
        leaf = sha256(index.to_bytes(8, "big")).digest()
        assert verify_inclusion(leaf, index, entries, proof, root)
    return {
        "proof_entries": entries,
        "proof_build_seconds": round(built, 1),
        "proof_p50_ms": round(statistics.median(waits) * 1000, 3),
        "proof_p99_ms": round(statistics.quantiles(waits, n=100)[98] * 1000, 3),
    }


def _load(home: Home, seconds: float) -> tuple[float, list[float]]:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[float]] = context.Queue()
    barrier = context.Barrier(CLIENTS + 1)
    clients = [
        context.Process(
            target=_client, args=(Place(home).socket, number, seconds, barrier, results)
        )
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    barrier.wait()
    start = time.monotonic()
    barrier.wait()
    elapsed = time.monotonic() - start
    waits = [wait for _ in clients for wait in results.get()]
    for client in clients:
        client.join()
    return len(waits) / elapsed, waits


def _client(
    socket: Path,
    number: int,
    seconds: float,
    barrier: multiprocessing.synchronize.Barrier,
    results: multiprocessing.Queue[list[float]],
) -> None:
    waits: list[float] = []
    clock = SystemClock()
    with LedgerClient(socket) as ledger:
        ledger.publish()
        barrier.wait()
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            evidence = Evidence(
                what="détection du chiffrement",
                when=clock.now(),
                system=f"PC-{number}",
                value=len(waits),
                unit="s",
                tool=Tool("bench", "1"),
                finess=Finess("990000010"),
                reality=Reality.SIMULATED,
                kind="measure",
                origin=f"bench/{number}",
                number=len(waits) + 1,
            )
            began = time.perf_counter()
            ledger.append(evidence)
            waits.append(time.perf_counter() - began)
        barrier.wait()
    results.put(waits)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)

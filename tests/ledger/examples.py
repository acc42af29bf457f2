"""Evidence, homes and logs that several of these tests share."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from releve.kernel.home import Home, sole_writer
from releve.kernel.ids import Finess
from releve.kernel.world import Reality
from releve.ledger import Checkpoint, Evidence, Signer, SigningKey, Tool, export
from releve.ledger import verify as verifier
from releve.ledger.tiles import TileWriter, unpack_entries

#: A FINESS with a valid key that the drills do not use.
REAL_FINESS = Finess("910000017")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def evidence(number: int = 1, **changes: Any) -> Evidence:
    """A valid « simulé » measure; ``changes`` replace fields."""
    fields: dict[str, Any] = {
        "what": "détection du chiffrement",
        "when": NOON,
        "system": "PC-LABO-04",
        "value": number,
        "unit": "s",
        "tool": Tool("releve", "0.1.0"),
        "finess": Finess("990000010"),
        "reality": Reality.SIMULATED,
        "kind": "measure",
        "origin": "test",
        "number": number,
    }
    return Evidence(**{**fields, **changes})


@contextmanager
def signing(home: Home) -> Iterator[Signer]:
    """The signer in this process, as a verb without a service has it."""
    with sole_writer(home, "signer"), Signer(home) as signer:
        yield signer


def exported(home: Home, folder: Path, *, entries: int) -> Path:
    """A log of ``entries`` measures after its birth, exported."""
    with signing(home) as signer:
        signer.append_many([evidence(number) for number in range(1, entries + 1)])
    export(home, folder)
    return folder


def copy_of(folder: Path, name: str) -> Path:
    """The same export, to be spoiled."""
    target = folder.with_name(name)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    return target


def entries_in(folder: Path) -> list[bytes]:
    """The entries of an export, in order."""
    bundles = [path for path in (folder / "tile" / "entries").rglob("*") if path.is_file()]
    bundles.sort(key=lambda path: path.parent.stem if path.parent.suffix else path.name)
    return [entry for path in bundles for entry in unpack_entries(path.read_bytes())]


def forge(folder: Path, entries: list[bytes], key: SigningKey) -> None:
    """Rewrite an export as who holds ``key`` would: tiles, checkpoint, vkey, manifest."""
    shutil.rmtree(folder / "tile")
    writer = TileWriter(folder)
    for entry in entries:
        writer.add(entry)
    writer.flush()
    head = Checkpoint(key.public.name, writer.size, writer.root())
    (folder / "checkpoint").write_bytes(key.sign(head.text))
    (folder / "vkey").write_text(key.public.text)
    list_again(folder)


def list_again(folder: Path) -> None:
    """Make the manifest tell what is there now, as a forger would."""
    rows = [
        {
            "path": str(path.relative_to(folder)),
            "size": path.stat().st_size,
            "sha256": sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    ]
    rows.sort(key=lambda row: str(row["path"]))
    (folder / "manifest.json").write_text(json.dumps({"files": rows}, indent=1))


def verdict(folder: Path, *options: str) -> tuple[int, str]:
    """What verify.py says, called in this process."""
    try:
        return 0, verifier.run([str(folder), *options])[1]
    except verifier.Wrong as wrong:
        return 1, str(wrong)
    except ValueError as unreadable:
        return 2, str(unreadable)


def stand_alone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """``python3 -I`` on a verifier: the way a stranger runs it."""
    return subprocess.run(
        [sys.executable, "-I", *map(str, arguments)], capture_output=True, text=True, check=False
    )

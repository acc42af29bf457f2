"""What a crash leaves: the folder as it stands while a writer is still at work."""

from __future__ import annotations

import shutil
from pathlib import Path

from releve.journal import Journal, Origin

HERE = Origin("a" * 32, 1)


def crashed(journal_folder: Path, copy: Path) -> Path:
    """A copy without its lock, taken while the journal is open: nothing was closed or sealed."""
    shutil.copytree(journal_folder, copy, ignore=shutil.ignore_patterns("lock", "reserve"))
    return copy


def filled(folder: Path, payloads: list[bytes], *, segment_bytes: int = 2000) -> list[Path]:
    """A journal with one commit per payload, closed properly; returns its segments in order."""
    with Journal.open(folder, HERE, segment_bytes=segment_bytes, reserve_bytes=0) as journal:
        for payload in payloads:
            journal.append(payload)
    return segments(folder)


def segments(folder: Path) -> list[Path]:
    """Segment files in order."""
    return sorted(folder.glob("*.journal"))


def payloads_of(folder: Path) -> list[bytes]:
    """Open as the product does, and read all."""
    with Journal.open(folder, HERE, reserve_bytes=0) as journal:
        return [record.payload for record in journal.read()]

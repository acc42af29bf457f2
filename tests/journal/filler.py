"""``python -m tests.journal.filler FOLDER``: append until the disk is full, then say what happened.

Prints ``room N`` after each refusal and ``kept N`` after each append, N being its index.
"""

from __future__ import annotations

import sys
from pathlib import Path

from releve.journal import Journal, JournalFull
from tests.journal.crash import HERE

_RECORD = 30_000


def main(folder: Path) -> None:
    """Fill, get refused three times, free some room, append once more."""
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(300_000))
    with Journal.open(
        folder / "journal", HERE, segment_bytes=200_000, reserve_bytes=100_000
    ) as journal:
        refusals = 0
        while refusals < 3:
            try:
                _say("kept", journal.append(len(journal).to_bytes(4, "big") * (_RECORD // 4)))
            except JournalFull:
                refusals += 1
        _say("full", len(journal))
        ballast.unlink()
        _say("kept", journal.append(len(journal).to_bytes(4, "big") * (_RECORD // 4)))
        _say("reserve", (folder / "journal/reserve").stat().st_size)


def _say(word: str, number: int) -> None:
    sys.stdout.write(f"{word} {number}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What every writer of the rig shares: its two verbs, its acknowledgements, its mutant."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

#: Set by the campaign for the mutant's processes; read in ``tests/rig`` and nowhere else.
MUTANT_VARIABLE = "RELEVE_RIG_WITHOUT_FSYNC"


def run(
    work: Callable[[Path, int], None],
    check: Callable[[Path], Mapping[str, int]],
) -> None:
    """The ``__main__`` of a writer: ``work FOLDER SEED`` or ``check FOLDER``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("work", "check"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    arguments = parser.parse_args()
    if arguments.verb == "work":
        work(arguments.folder, arguments.seed)
    else:
        sys.stdout.write(json.dumps(check(arguments.folder)) + "\n")


def ack(identifier: str) -> None:
    """Say that ``identifier`` was acknowledged; one unbuffered write, from any thread."""
    os.write(1, f"ack {identifier}\n".encode())


def mutant() -> bool:
    """True in the mutant campaign, where nothing may be flushed to the disk."""
    return MUTANT_VARIABLE in os.environ

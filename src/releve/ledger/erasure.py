"""Destroying the salts of what the ledger committed to: nobody can link a value to its commitment
any more, and the log, its proofs and every copy of it verify as before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path

from releve.ledger.commitments import Salts
from releve.ledger.errors import SaltUnknown
from releve.ledger.evidence import Evidence

#: Whose salts go: asked of each entry.
Wanted = Callable[[Evidence], bool]


def destroy_salts(salts: Salts, entries: Iterable[Evidence], wanted: Wanted) -> int:
    """Destroy those of the wanted entries; how many there were still. May be run again."""
    count = 0
    for evidence in entries:
        if evidence.commitments and wanted(evidence):
            count += sum(_destroyed(salts, made) for made in evidence.commitments.values())
    return count


def orphans(folder: Path, known: Collection[str], before: datetime) -> tuple[str, ...]:
    """Commitments whose salt was written before ``before`` and that nothing in ``known`` names: a
    program was stopped between the salt and its entry.
    """
    found = []
    for path in folder.glob("??/*"):
        if path.name not in known and path.stat().st_mtime < before.timestamp():
            found.append(path.name)
    return tuple(sorted(found))


def _destroyed(salts: Salts, made: str) -> bool:
    try:
        salts.destroy(made)
    except SaltUnknown:
        return False
    return True

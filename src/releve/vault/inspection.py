"""What a new snapshot says of its machine: clean, or an alarm.

:func:`conclude` decides and calls nothing; :class:`Inspector` fetches what changed, and only that,
and hands it to the detector.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from releve.kernel.durable import make_folder
from releve.kernel.units import MIB, thousands
from releve.vault.repository import Difference, FileChange, Repository, shown
from releve.vault.restic_format import Node, Snapshot
from releve.vault.scan import Change, ScanReport
from releve.vault.state import MAX_PATHS, SnapshotVerdict

#: Files up to this size are handed over in memory, larger ones as temporary files.
_IN_MEMORY = 8 * MIB
#: Files beyond are not fetched: they are counted as « non contrôlé ».
MAX_SCANNED = 256 * MIB
#: A snapshot that lost this share of the files, and at least so many, is not « clean »
#: (vault note §2.6, size collapse): restoring it would restore the loss.
COLLAPSE_SHARE, COLLAPSE_FILES = 0.75, 10
_PERSONAL = re.compile(r"(?i)(/[^/]*\b(?:perso(?:nnel(?:le)?s?)?|priv[ée]e?s?)\b[^/]*)/.*")


class Scanner(Protocol):
    """The structural-regression detector; runs parsers in a throw-away process by itself."""

    def __call__(self, changes: Iterable[Change], *, unchanged: int) -> ScanReport: ...


@dataclass(frozen=True)
class Finding:
    """The verdict on one snapshot. ``counts``: verdict → number of files."""

    verdict: SnapshotVerdict
    files: int
    changed: int
    suspect: int
    reason: str
    counts: dict[str, int]
    paths: tuple[str, ...]


def first_snapshot(files: int) -> Finding:
    """Nothing to compare with: it is the reference of those that follow."""
    reason = "première sauvegarde : rien à comparer"
    return Finding("clean", files, 0, 0, reason, {}, ())


def other_paths(files: int) -> Finding:
    """It covers other folders than the machine's first snapshot: never « last clean »."""
    reason = "autres dossiers que la première sauvegarde : gardée, non comparée"
    return Finding("other-paths", files, 0, 0, reason, {}, ())


def conclude(difference: Difference, report: ScanReport, too_large: int) -> Finding:
    """Clean when nothing is suspect; a few suspects without an alarm make it doubtful: it is kept,
    restorable by name, and never « last clean ».
    """
    counts: Counter[str] = Counter(file.verdict for file in report.files)
    counts["unchecked"] += too_large
    suspects = [file for file in report.files if file.verdict == "suspect"]
    gone = [shown(change.path) for change in difference.changes if change.after is None]
    lost = len(gone)
    collapsed = lost > 0 and (
        lost == difference.before
        or (lost >= COLLAPSE_FILES and lost >= COLLAPSE_SHARE * difference.before)
    )
    changed = len(difference.changes)
    found = {verdict: number for verdict, number in counts.items() if number}
    if report.alarm:
        paths = _named(file.path for file in suspects)
        return Finding(
            "alarm", difference.after, changed, len(suspects), report.alarm_reason, found, paths
        )
    if collapsed:
        reason = f"{thousands(lost)} fichiers sur {thousands(difference.before)} ont disparu"
        paths = _named(gone)
        return Finding("alarm", difference.after, changed, lost, reason, found, paths)
    if suspects:
        paths = _named(file.path for file in suspects)
        reason = f"{thousands(len(suspects))} fichier(s) suspect(s), trop peu pour une alarme"
        return Finding("doubtful", difference.after, changed, len(suspects), reason, found, paths)
    reason = "rien de suspect" if changed else "rien n'a changé"
    return Finding("clean", difference.after, changed, len(suspects), reason, found, ())


def _named(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths an alarm keeps. What lies in a folder marked « personnel » or « privé » is never
    named (threats 32; Cass. soc. 17 mai 2005, n° 03-40.017).
    """
    found = dict.fromkeys(_PERSONAL.sub(r"\1/…", path) for path in paths)
    return tuple(found)[:MAX_PATHS]


class Inspector:
    """Compares a machine's new snapshot with its last clean one."""

    def __init__(self, scan: Scanner, scratch: Path) -> None:
        self._scan = scan
        self._scratch = scratch
        make_folder(scratch)
        for left in scratch.iterdir():
            _remove(left)

    def compare(self, repository: Repository, clean_tree: str, snapshot: Snapshot) -> Finding:
        """Raises ``Unreadable`` when a file that changed cannot be read."""
        difference = repository.compare(clean_tree, snapshot.tree)
        fit = [c for c in difference.changes if _largest(repository, c) <= MAX_SCANNED]
        too_large = len(difference.changes) - len(fit)
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            changes = _fetch(repository, fit, Path(folder))
            report = self._scan(changes, unchanged=difference.unchanged)
        return conclude(difference, report, too_large)


def _fetch(repository: Repository, changes: Iterable[FileChange], folder: Path) -> Iterator[Change]:
    for number, change in enumerate(changes):
        before = _content(repository, change.before, folder / f"{number}.before")
        after = _content(repository, change.after, folder / f"{number}.after")
        yield Change(shown(change.path), before, after)


def _content(repository: Repository, node: Node | None, path: Path) -> bytes | Path | None:
    if node is None:
        return None
    if repository.size(node) <= _IN_MEMORY:
        return b"".join(repository.content(node))
    with path.open("wb") as file:
        for part in repository.content(node):
            file.write(part)
    return path


def _largest(repository: Repository, change: FileChange) -> int:
    sides = [node for node in (change.before, change.after) if node is not None]
    return max(repository.size(node) for node in sides)


def _remove(path: Path) -> None:
    if path.is_dir():
        for inner in path.iterdir():
            _remove(inner)
        path.rmdir()
    else:
        path.unlink()

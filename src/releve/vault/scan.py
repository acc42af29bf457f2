"""One scan: versions in, verdict per file and an alarm out. It calls in order; what is suspect and
what is an alarm is decided in ``regression``.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from releve.kernel.errors import BadInput
from releve.vault.formats import State
from releve.vault.regression import (
    CONTAINERS,
    PICTURES,
    Arrival,
    Tally,
    Verdict,
    decide,
    emptied_at_once,
    is_journal,
    judge,
    pair_renamed,
    shared_new_extension,
)
from releve.vault.sandbox import (
    Sandbox,
    Source,
    Stopped,
    Unreadable,
    digest_of,
    octets_of,
    opens,
    same_octets,
)

#: A note is short text.
_MAX_NOTE = 64 * 1024
#: A container is searched for what vanished until that many are not in it, or this is read.
_MAX_ABSENT, _MAX_SEARCHED = 3, 4 << 30


@dataclass(frozen=True)
class Change:
    """Two versions of one path, as octets or as a file to read; None = the file is not there."""

    path: str
    before: Source | None
    after: Source | None


@dataclass(frozen=True)
class FileVerdict:
    """What is said of one path; ``reason`` is French."""

    path: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class ScanReport:
    """The outcome of a scan. ``files`` is sorted by path and holds every path of both versions."""

    alarm: bool
    #: French; why there is an alarm, or why there is none.
    alarm_reason: str
    files: tuple[FileVerdict, ...]
    #: Files present in both versions with other octets, renamed ones included.
    changed: int
    #: Files whose octets are the same, those the caller counted included.
    unchanged: int
    #: Validators that died or overstayed; their files are « unchecked ».
    stopped: int
    #: Barriers of the sandbox that this kernel refused (French); empty when all hold.
    barriers_missing: tuple[str, ...]

    def count(self, verdict: Verdict) -> int:
        """How many of the listed files have this verdict."""
        return sum(1 for file in self.files if file.verdict == verdict)


@dataclass
class _Progress:
    """What a scan has found so far."""

    files: list[FileVerdict] = field(default_factory=list)
    changed: int = 0
    unchanged: int = 0
    suspects: int = 0
    truncated: int = 0
    #: Validators that died on the new version, and not on the old one.
    blinded: int = 0
    #: Paths that were files and hold no readable file any more.
    blocked: int = 0
    emptied: set[str] = field(default_factory=set)

    def say(self, path: str, verdict: Verdict, reason: str) -> None:
        self.files.append(FileVerdict(path, verdict, reason))

    def accuse_emptied(self) -> None:
        """Emptied files are suspect once they are known to be many."""
        reason = f"vidé, comme {len(self.emptied) - 1} autres documents"
        self.files = [
            FileVerdict(file.path, "suspect", reason) if file.path in self.emptied else file
            for file in self.files
        ]


def scan_changes(changes: Iterable[Change], *, unchanged: int = 0, blocked: int = 0) -> ScanReport:
    """Judge each change and decide on an alarm.

    ``unchanged``: files of the older version that the caller knows to be the same and does not
    list; ``blocked``: those whose path now holds a link, a device or a pipe. Contents are read one
    pair at a time; a version that cannot be read is « unchecked ».
    """
    progress = _Progress(unchanged=unchanged, blocked=blocked, changed=blocked)
    gone: list[Change] = []
    new: list[Change] = []
    names: set[str] = set()
    with Sandbox() as sandbox:
        for change in changes:
            if change.before is not None:
                names.add(PurePosixPath(change.path).suffix.lower())
            if change.after is None:
                gone += [change] if change.before is not None else []
            elif change.before is None:
                new.append(change)
            else:
                _examine(sandbox, progress, change)
        tally = _weigh(sandbox, progress, gone, new, names)
        reason = decide(tally)
        if emptied_at_once(tally):
            progress.accuse_emptied()
        return ScanReport(
            alarm=bool(reason),
            alarm_reason=reason or "aucun signe de chiffrement en masse",
            files=tuple(sorted(progress.files, key=lambda file: file.path)),
            changed=progress.changed,
            unchanged=progress.unchanged,
            stopped=sandbox.stopped,
            barriers_missing=sandbox.refused,
        )


def scan_folders(before: Path, after: Path) -> ScanReport:
    """Compare two folders file by file, links never followed.

    Every path of both is listed, unchanged ones as « ok ». Raises ``BadInput`` when a folder is
    missing or cannot be listed.
    """
    already: dict[str, str] = {}
    since: dict[str, str] = {}
    old, new = _listing(before, already), _listing(after, since)
    aside = {**already, **since}
    paths = sorted((old.keys() | new.keys()) - aside.keys())
    report = scan_changes(
        (Change(path, old.get(path), new.get(path)) for path in paths),
        blocked=len(old.keys() & since.keys()),
    )
    unread = [FileVerdict(path, "unchecked", reason) for path, reason in aside.items()]
    files = sorted([*report.files, *unread], key=lambda file: file.path)
    return replace(report, files=tuple(files))


def _listing(folder: Path, aside: dict[str, str]) -> dict[str, Path]:
    """Plain files beneath ``folder`` by relative path; what is not one goes ``aside`` with why."""
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        raise BadInput(
            where=folder,
            what="ce dossier n'existe pas ou ne peut pas être lu",
            fix="Donnez deux dossiers lisibles : la version d'avant, puis celle d'après.",
        )
    found: dict[str, Path] = {}
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            entries = list(os.scandir(current))
        except OSError as error:
            aside[_shown(current, folder)] = f"dossier illisible : {error.strerror}"
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                aside[_shown(path, folder)] = "lien symbolique, non suivi"
            elif entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif entry.is_file(follow_symlinks=False):
                found[_shown(path, folder)] = path
            else:
                aside[_shown(path, folder)] = "ni fichier ni dossier"
    return found


def _shown(path: Path, folder: Path) -> str:
    """The relative path; octets that are not UTF-8 are written ``\\xNN``."""
    return os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")


def _examine(sandbox: Sandbox, progress: _Progress, change: Change) -> None:
    """Judge a path present in both versions."""
    if change.before is None or change.after is None:
        return
    try:
        if same_octets(change.before, change.after):
            progress.unchanged += 1
            progress.say(change.path, "ok", "inchangé")
            return
    except OSError as error:
        progress.changed += 1
        progress.blocked += opens(change.before)
        progress.say(change.path, "unchecked", f"fichier illisible : {error.strerror}")
        return
    verdict, reason = _judge(sandbox, progress, change.path, change.before, change.after)
    progress.say(change.path, verdict, reason)


def _judge(
    sandbox: Sandbox, progress: _Progress, path: str, before: Source, after: Source
) -> tuple[Verdict, str]:
    progress.changed += 1
    try:
        seen = sandbox.examine(before, after)
        if isinstance(seen, Stopped):
            progress.blinded += not isinstance(sandbox.read(before), Stopped)
            return "unchecked", seen.reason
    except Unreadable as error:
        progress.blocked += opens(before)
        return "unchecked", str(error)
    judgement = judge(seen)
    if judgement.emptied and not is_journal(path):
        progress.emptied.add(path)
    progress.suspects += judgement.verdict == "suspect"
    progress.truncated += judgement.cut
    return judgement.verdict, judgement.reason


def _weigh(
    sandbox: Sandbox,
    progress: _Progress,
    gone: Sequence[Change],
    new: Sequence[Change],
    extensions: set[str],
) -> Tally:
    """Settle what vanished and what appeared, then count everything the alarm needs."""
    gone, new = _settle_moves(progress, gone, new)
    arrivals = [_arrival(sandbox, change) if gone else _unread(change) for change in new]
    pairs = pair_renamed([_unread(change) for change in gone], arrivals)
    sources = {change.path: change for change in (*gone, *new)}
    marked = []
    for old, other in pairs:
        verdict = _settle_rename(sandbox, progress, sources[old.path], sources[other.path])
        # Converting pictures changes extensions too, but replaces them and stays readable.
        if verdict == "suspect" or PurePosixPath(old.path).name in other.path:
            marked.append((old.path, other.path))
    paired = {arrival.path for pair in pairs for arrival in pair}
    left = [arrival for arrival in arrivals if arrival.path not in paired]
    lost = [change for change in gone if change.path not in paired]
    boxes = [sources[arrival.path] for arrival in left if arrival.kind in CONTAINERS]
    lost = _settle_archived(sandbox, progress, lost, boxes)
    for change in lost:
        progress.say(change.path, "gone", "supprimé")
    for arrival in left:
        progress.say(arrival.path, "new", "nouveau fichier")
    return Tally(
        suspects=progress.suspects,
        truncated=progress.truncated,
        stopped=progress.blinded,
        emptied=len(progress.emptied),
        blocked=progress.blocked,
        pictured=_pictured(sandbox, lost, left),
        changed=progress.changed,
        unchanged=progress.unchanged,
        gone=len(lost),
        renamed=len(pairs),
        new_extension=shared_new_extension(marked, extensions),
        containers=tuple(a.path for a in left if a.kind in CONTAINERS),
        opaque_new=sum(1 for a in left if a.state is State.OPAQUE),
        note_folders=_note_folders([sources[arrival.path] for arrival in left]),
    )


def _settle_moves(
    progress: _Progress, gone: Sequence[Change], new: Sequence[Change]
) -> tuple[list[Change], list[Change]]:
    """Files whose octets are found again under another path moved; returns the others."""
    sizes = {octets_of(change.before) for change in gone} & {
        octets_of(change.after) for change in new
    }
    arrived: dict[str, list[Change]] = defaultdict(list)
    for change in new:
        if octets_of(change.after) in sizes:
            arrived[digest_of(change.after)].append(change)
    moved: set[str] = set()
    for change in gone:
        found = arrived.get(digest_of(change.before)) if octets_of(change.before) in sizes else None
        if found:
            target = found.pop()
            moved |= {change.path, target.path}
            progress.unchanged += 1
            progress.say(change.path, "gone", f"déplacé vers {target.path}")
            progress.say(target.path, "new", f"déplacé depuis {change.path}")
    return (
        [change for change in gone if change.path not in moved],
        [change for change in new if change.path not in moved],
    )


def _settle_rename(sandbox: Sandbox, progress: _Progress, old: Change, new: Change) -> Verdict:
    """Judge a file found again under another name; says both names, returns the new one's."""
    if old.before is None or new.after is None:
        return "unchecked"
    progress.say(old.path, "gone", f"remplacé par {new.path}")
    verdict, reason = _judge(sandbox, progress, new.path, old.before, new.after)
    if verdict == "ok":
        verdict, reason = "new", f"renommé depuis {old.path}, structure valide"
    progress.say(new.path, verdict, reason)
    return verdict


def _settle_archived(
    sandbox: Sandbox, progress: _Progress, lost: list[Change], boxes: Sequence[Change]
) -> list[Change]:
    """Files found whole inside a new archive were put away; returns the others."""
    for box in boxes:
        left = []
        budget, absent = _MAX_SEARCHED, 0
        for change in lost:
            budget -= octets_of(box.after)
            if absent < _MAX_ABSENT and budget > 0:
                if _holds(sandbox, change, box):
                    progress.say(change.path, "gone", f"mis dans {box.path}, contenu intact")
                    continue
                absent += 1
            left.append(change)
        lost = left
    return lost


def _holds(sandbox: Sandbox, lost: Change, box: Change) -> bool:
    if lost.before is None or box.after is None:
        return False
    try:
        seen = sandbox.examine(lost.before, box.after)
    except Unreadable:
        return False
    return not isinstance(seen, Stopped) and seen.contained


def _pictured(sandbox: Sandbox, lost: Sequence[Change], left: Sequence[Arrival]) -> int:
    """Lost documents that as many new pictures may have taken the place of."""
    pictures = sum(1 for arrival in left if arrival.kind in PICTURES)
    if not pictures:
        return 0
    before = [_arrival(sandbox, Change(change.path, None, change.before)) for change in lost]
    return min(pictures, sum(1 for arrival in before if arrival.kind not in PICTURES))


def _arrival(sandbox: Sandbox, change: Change) -> Arrival:
    """A new file with its kind; one that cannot be read counts as opaque."""
    arrival = _unread(change)
    if change.after is None:
        return arrival
    try:
        reading = sandbox.read(change.after)
    except Unreadable:
        return arrival
    if isinstance(reading, Stopped):
        return arrival
    return replace(arrival, kind=reading.kind, state=reading.state)


def _unread(change: Change) -> Arrival:
    source = change.before if change.after is None else change.after
    return Arrival(change.path, octets_of(source))


def _note_folders(new: Sequence[Change]) -> int:
    """The number of folders in which one same new short file appeared."""
    folders: dict[str, set[str]] = defaultdict(set)
    for change in new:
        if 0 < octets_of(change.after) <= _MAX_NOTE:
            folders[digest_of(change.after)].add(str(PurePosixPath(change.path).parent))
    return max(map(len, folders.values()), default=0)

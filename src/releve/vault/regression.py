"""The decider: was this file structurally valid before and is it not now, and do such files make
an alarm?

Pure: it takes examinations and names, returns verdicts and an alarm. Thresholds and the figures
they were chosen on are in ``docs/detection.md``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from releve.vault.formats import KIND_NAMES, Examination, Reading, State

Verdict = Literal["ok", "suspect", "unchecked", "new", "gone"]

#: Suspects needed, and their share of the changed files.
MIN_SUSPECTS, MIN_SHARE = 3, 0.05
#: On a day of many changes a slow attack is a small share: that many suspects are enough.
MANY_SUSPECTS, MANY_SHARE = 10, 0.01
#: A small folder: two suspects, when they are at least this share of what changed.
FEW_SUSPECTS, FEW_SHARE = 2, 0.5
#: Files cut short (full disk, interrupted copy) count only when they are this many.
MANY_TRUNCATED, TRUNCATED_SHARE = 10, 0.5
#: Files gone and replaced: by an archive, by unknown contents, or by names of one new extension.
MIN_GONE, GONE_SHARE = 3, 0.5
#: Nearly everything vanished, whatever came instead.
WIPED, WIPED_SHARE = 10, 0.9
#: The same new text in that many folders is a ransom note when a suspect is there too.
NOTE_FOLDERS = 3
#: Documents emptied at once, or paths that hold no readable file any more.
MANY_EMPTIED, EMPTIED_SHARE = 3, 0.5
MANY_BLOCKED, BLOCKED_SHARE = 3, 0.5
#: Validators that die on so many files see nothing: that is said as an alarm, not as a calm day.
BLIND, BLIND_SHARE = 3, 0.5
#: What an attacker adds at the end of a file: a key, a mark, padding.
MAX_TRAILER = 4096
_MAX_SIZE_TRIES = 4_000_000

_FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"jpeg", "png", "gif", "bmp", "tiff", "webp"}),
    frozenset({"docx", "odt", "ole2", "rtf"}),
    frozenset({"xlsx", "ods", "ole2"}),
    frozenset({"pptx", "odp", "ole2"}),
    frozenset({"zip", "gzip", "bzip2", "xz", "7z", "rar", "zstd"}),
)
#: Programs export tables and letters as text under the name of an office file.
_TEXT_STANDS_FOR = {"xlsx", "ods", "ole2", "docx", "odt", "rtf"}
PICTURES = {"jpeg", "png", "gif", "bmp", "tiff", "webp"}
#: What people save under one another's name: a letter becomes a PDF, a table a text.
_PAPERS = {"docx", "xlsx", "pptx", "odt", "ods", "odp", "ole2", "rtf", "pdf", "text"}
#: Contents that no program replaces by another kind under the same name.
_ALONE = {"dicom", "sqlite"}
#: Files that programs empty themselves.
_JOURNAL = re.compile(r"\.(log|out|err|trace|tmp|lock|pid|journal)(\.|$)", re.IGNORECASE)
#: Containers of anything: found where a document was, they may hold its ciphertext.
CONTAINERS = {"zip", "gzip", "bzip2", "xz", "7z", "rar", "zstd"}
#: Extensions that mean something to a workstation; any other is « inconnue ».
_KNOWN_EXTENSIONS = frozenset(
    """
    doc docx docm dot dotx odt ott rtf pdf xls xlsx xlsm xlsb ods csv tsv ppt pptx odp txt log
    md json xml html htm css js py sh bat ini conf cfg toml yaml yml sql eml msg ics vcf hl7
    dcm dicom jpg jpeg png gif bmp tif tiff webp svg ico heic wav mp3 mp4 avi mov mkv zip gz
    tgz bz2 xz 7z rar tar zst bak old orig tmp part swp db sqlite sqlite3 mdb accdb dbf exe
    dll msi so jar war class pyc iso img vhd vhdx vmdk pst ost lnk url asc sig p7m p7s pem crt
    key gpg
    """.split()  # noqa: SIM905 - a list of quoted words would not be read
)


@dataclass(frozen=True)
class Judgement:
    """The verdict on one pair of versions; ``cut`` when the new one is the old one shortened,
    ``emptied`` when nothing is left of it: harmless alone, not when many are.
    """

    verdict: Verdict
    reason: str
    cut: bool = False
    emptied: bool = False


@dataclass(frozen=True)
class Arrival:
    """A file present in one version only: ``size`` in octets, ``kind`` when it was read."""

    path: str
    size: int
    kind: str = "unknown"
    state: State = State.OPAQUE


@dataclass(frozen=True)
class Tally:
    """What the alarm is decided on, all counts of files.

    ``changed`` = examined pairs, renamed ones included; ``before`` = files of the older version.
    ``stopped`` = new versions that killed the validator where the old ones did not; ``emptied``
    leaves journals out; ``blocked`` = paths that became links or unreadable; ``pictured`` = lost
    documents with as many new pictures. ``new_extension`` is the extension most renamed files took,
    with how many took it.
    """

    suspects: int
    truncated: int
    stopped: int
    changed: int
    unchanged: int
    gone: int
    renamed: int
    new_extension: tuple[str, int]
    containers: tuple[str, ...]
    opaque_new: int
    note_folders: int
    emptied: int = 0
    blocked: int = 0
    pictured: int = 0

    @property
    def before(self) -> int:
        return self.changed + self.unchanged + self.gone


def judge(seen: Examination) -> Judgement:
    """Decide on one file that exists in both versions."""
    before, after = seen.before, seen.after
    name = KIND_NAMES[before.kind]
    if before.state is State.EMPTY:
        return Judgement("ok", "le fichier était vide")
    if seen.contained:
        return Judgement("ok", f"compressé, contenu intact ({KIND_NAMES[after.kind]})")
    if after.kind == "empty":
        return Judgement("ok", "le fichier a été vidé", emptied=True)
    if before.state is State.OPAQUE:
        return Judgement("unchecked", "aucun contrôle pour ce type de contenu")
    if before.state is State.BROKEN:
        return Judgement("unchecked", f"déjà illisible avant ({before.detail})")
    if State.BEYOND in (before.state, after.state):
        limit = before.detail if before.state is State.BEYOND else after.detail
        return Judgement("unchecked", f"trop grand pour être contrôlé ({limit})")
    if before.kind != after.kind:
        return _other_kind(seen, name)
    if after.state is State.BROKEN or after.faults > before.faults or seen.damage:
        why = seen.damage or after.detail
        if seen.truncated:
            return Judgement("suspect", f"{name} : coupé avant sa fin ({why})", cut=True)
        return Judgement("suspect", f"{name} : valide avant, ne l'est plus ({why})")
    return _still_valid(after)


def _still_valid(after: Reading) -> Judgement:
    if after.state is State.LOCKED:
        return Judgement("unchecked", "protégé par mot de passe")
    if after.state is State.PARTIAL:
        return Judgement("unchecked", after.detail)
    return Judgement("ok", "modifié, structure valide")


def _other_kind(seen: Examination, name: str) -> Judgement:
    """The content is of another kind than before."""
    before, after = seen.before, seen.after
    became = KIND_NAMES[after.kind]
    if after.state is State.OPAQUE:
        return Judgement(
            "suspect", f"{name} avant, contenu indéchiffrable maintenant", seen.truncated
        )
    if after.state is State.BROKEN:
        return Judgement("suspect", f"{name} : valide avant, illisible maintenant ({became})")
    if any({before.kind, after.kind} <= family for family in _FAMILIES):
        return _still_valid(after)
    if after.kind in CONTAINERS:
        return Judgement("suspect", f"{name} avant, un contenant maintenant ({became})")
    if after.kind == "text" and before.kind not in _TEXT_STANDS_FOR:
        return Judgement("suspect", f"{name} avant, du texte maintenant")
    if after.kind == "text" and seen.damage:
        return Judgement("suspect", f"{name} avant, plus maintenant : {seen.damage}")
    if before.kind in _ALONE or (before.kind in _PAPERS and after.kind not in _PAPERS):
        return Judgement("suspect", f"{name} avant, un tout autre contenu maintenant ({became})")
    if after.state is State.LOCKED:
        return Judgement("unchecked", "protégé par mot de passe")
    return Judgement("ok", f"remplacé par un autre contenu valide ({became})")


def pair_renamed(
    gone: Sequence[Arrival], new: Sequence[Arrival]
) -> tuple[tuple[Arrival, Arrival], ...]:
    """Match files that vanished with those that may be the same under another name.

    In order: the old name kept inside the new one, the same stem, then (unknown contents only) the
    nearest size in the same folder: equal, up to 4 KiB more, or a third more (base64).
    """
    free = {arrival.path: arrival for arrival in new}
    names = _names_inside(new)
    pairs: list[tuple[Arrival, Arrival]] = []
    for keep_extension in (True, False):
        for old in gone:
            pure = PurePosixPath(old.path)
            key = (str(pure.parent), pure.name if keep_extension else pure.stem)
            _take(old, names.get(key, ()), free, pairs)
        paired = {old.path for old, _ in pairs}
        gone = [old for old in gone if old.path not in paired]
    opaque = [arrival for arrival in new if arrival.state is State.OPAQUE]
    if len(gone) * len(opaque) <= _MAX_SIZE_TRIES:
        for old in gone:
            _take(old, _same_size(old, opaque), free, pairs)
    return tuple(pairs)


def _take(
    old: Arrival,
    candidates: Iterable[str],
    free: dict[str, Arrival],
    pairs: list[tuple[Arrival, Arrival]],
) -> None:
    for path in candidates:
        if path in free:
            pairs.append((old, free.pop(path)))
            return


def _names_inside(new: Sequence[Arrival]) -> dict[tuple[str, str], list[str]]:
    """For each (folder, older name) that a new name may come from, the paths that carry it:
    « a.docx.id-7.locked » comes from « a.docx.id-7 », « a.docx » or « a ».
    """
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for arrival in new:
        pure = PurePosixPath(arrival.path)
        name = pure.name
        while name:
            names[str(pure.parent), name].append(arrival.path)
            name = name.rpartition(".")[0]
    return names


def _same_size(old: Arrival, opaque: Sequence[Arrival]) -> list[str]:
    """Paths of unknown contents in the same folder whose size fits, the nearest first."""
    folder = PurePosixPath(old.path).parent
    near = []
    for other in opaque:
        extra = min(abs(other.size - old.size), abs(other.size - old.size * 4 // 3))
        if extra <= MAX_TRAILER and PurePosixPath(other.path).parent == folder:
            near.append((extra, other.path))
    return [path for _, path in sorted(near)]


def shared_new_extension(pairs: Iterable[tuple[str, str]], known: set[str]) -> tuple[str, int]:
    """The unknown extension that most renamed files took, and how many did; ("", 0) when none.

    ``known`` are the extensions of the older version's files, dot included.
    """
    taken = Counter(
        PurePosixPath(new).suffix.lower()
        for old, new in pairs
        if PurePosixPath(new).suffix.lower() != PurePosixPath(old).suffix.lower()
    )
    for extension in list(taken):
        if not extension or extension in known or extension[1:] in _KNOWN_EXTENSIONS:
            del taken[extension]
    return taken.most_common(1)[0] if taken else ("", 0)


def decide(tally: Tally) -> str:
    """Why this is an alarm (French), or an empty string."""
    for rule in (
        _by_suspects,
        _by_renames,
        _by_replacement,
        _by_note,
        _by_truncation,
        _by_void,
        _by_emptying,
        _by_blocking,
        _by_blindness,
    ):
        if reason := rule(tally):
            return reason
    return ""


def _by_suspects(tally: Tally) -> str:
    strong = tally.suspects - tally.truncated
    share = strong / max(1, tally.changed)
    for least, least_share in (
        (MIN_SUSPECTS, MIN_SHARE),
        (MANY_SUSPECTS, MANY_SHARE),
        (FEW_SUSPECTS, FEW_SHARE),
    ):
        if strong >= least and share >= least_share:
            return (
                f"{strong} fichiers valides avant ne le sont plus,"
                f" sur {tally.changed} modifiés ({share:.0%})"
            )
    return ""


def _by_renames(tally: Tally) -> str:
    extension, count = tally.new_extension
    if count >= MIN_GONE and count >= GONE_SHARE * (tally.renamed + tally.gone):
        return f"{count} fichiers réécrits sous la même extension inconnue « {extension} »"
    return ""


def _by_replacement(tally: Tally) -> str:
    if tally.gone < MIN_GONE or tally.gone < GONE_SHARE * tally.before:
        return ""
    if tally.containers:
        return f"{tally.gone} fichiers disparus, remplacés par une archive ({tally.containers[0]})"
    if tally.opaque_new >= GONE_SHARE * tally.gone:
        return f"{tally.gone} fichiers disparus, {tally.opaque_new} contenus inconnus à leur place"
    if tally.pictured >= GONE_SHARE * tally.gone:
        return f"{tally.gone} fichiers disparus, {tally.pictured} images à la place de documents"
    return ""


def is_journal(path: str) -> bool:
    """A log, a lock or a temporary file by its name: emptying those is routine."""
    return _JOURNAL.search(PurePosixPath(path).name) is not None


def emptied_at_once(tally: Tally) -> bool:
    """True when emptied documents are too many for a chance or a tidying."""
    return tally.emptied >= MANY_EMPTIED and tally.emptied >= EMPTIED_SHARE * tally.changed


def _by_emptying(tally: Tally) -> str:
    if emptied_at_once(tally):
        return f"{tally.emptied} documents vidés d'un coup, sur {tally.changed} modifiés"
    return ""


def _by_blocking(tally: Tally) -> str:
    if tally.blocked >= MANY_BLOCKED and tally.blocked >= BLOCKED_SHARE * tally.changed:
        return f"{tally.blocked} fichiers devenus des liens ou illisibles, sur {tally.changed}"
    return ""


def _by_note(tally: Tally) -> str:
    if tally.note_folders >= NOTE_FOLDERS and tally.suspects:
        return f"le même texte nouveau dans {tally.note_folders} dossiers, et un fichier suspect"
    return ""


def _by_truncation(tally: Tally) -> str:
    enough = tally.suspects >= MANY_TRUNCATED
    if enough and tally.suspects >= TRUNCATED_SHARE * tally.changed:
        return f"{tally.suspects} fichiers abîmés ou coupés sur {tally.changed} modifiés"
    return ""


def _by_void(tally: Tally) -> str:
    if tally.gone >= WIPED and tally.gone >= WIPED_SHARE * tally.before:
        return f"{tally.gone} fichiers disparus sur {tally.before}"
    return ""


def _by_blindness(tally: Tally) -> str:
    if tally.stopped >= BLIND and tally.stopped >= BLIND_SHARE * tally.changed:
        return f"contrôle impossible : validateur arrêté sur {tally.stopped} fichiers"
    return ""

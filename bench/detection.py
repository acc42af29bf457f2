"""How many attacks the detector sees, how many honest changes it mistakes, how fast it reads.

``python -m bench.detection [--each N] [--roots DIR …]``: real files found under the roots (read
only; their octets, never their names, are used) and documents made by ``tests/vault/documents.py``,
per kind; each attack and each honest change of the tests on each of them. Prints the tables of
``docs/detection.md``: rates with Wilson 95 % intervals, then the speed.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import random
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.rows import Row
from tests.vault.attacks import ATTACKS, pixels_only
from tests.vault.documents import DOCUMENTS, EDITS, Edit

from releve.kernel.clock import SystemClock
from releve.vault.formats import State, read
from releve.vault.scan import Change, FileVerdict, scan_changes

_SIZES = range(400, 3_000_000)
#: Of each extension, this many times ``--each`` files are tried.
_TRIES = 12
_EXTENSIONS = {
    *(".docx", ".xlsx", ".pptx", ".odt", ".ods", ".rtf", ".doc", ".xls", ".pdf", ".dcm"),
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".wav", ".db", ".sqlite"),
    *(".zip", ".whl", ".jar", ".gz", ".xz", ".bz2"),
    *(".txt", ".csv", ".json", ".xml", ".html", ".md", ".py", ".rst", ".po"),
}
_PIXELS = ("full", "every other 16", "4 of 16 KiB", "sparse 5 %", "xor key")


def wilson(hits: int, total: int) -> str:
    """« rate % [low ; high] », 95 %."""
    if not total:
        return "–"
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return f"{100 * share:.1f} [{100 * max(0, middle - half):.1f} ; {100 * (middle + half):.1f}]"


def collect(roots: list[Path], each: int) -> dict[str, list[bytes]]:
    """Up to ``each`` distinct sound files of each kind, drawn in a fixed order."""
    by_extension: dict[str, list[Path]] = defaultdict(list)
    for root in roots:
        for path in _walk(root):
            by_extension[path.suffix.lower()].append(path)
    found: dict[str, list[bytes]] = defaultdict(list)
    seen: set[str] = set()
    draw = random.Random(1)
    for _, paths in sorted(by_extension.items()):
        for path in draw.sample(paths, min(len(paths), _TRIES * each)):
            data = path.read_bytes() if os.access(path, os.R_OK) else b""
            digest = hashlib.sha256(data).hexdigest()
            if digest not in seen:
                seen.add(digest)
                reading = read(data)
                # Texts come under many extensions: each gives its share.
                room = each * (4 if reading.kind == "text" else 1)
                if reading.state is State.SOUND and len(found[reading.kind]) < room:
                    found[reading.kind].append(data)
    return found


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix.lower() not in _EXTENSIONS or path.is_symlink():
                continue
            if path.stat().st_size in _SIZES:
                yield path


def attacked(kind: str, contents: list[bytes]) -> Iterator[Change]:
    """Every attack on every content; pixel-only ones on uncompressed and compressed DICOM."""
    for number, data in enumerate(contents):
        for name, attack in ATTACKS.items():
            yield Change(f"{kind}|{name}|{number}", data, attack(data))
        if kind == "dicom" and data.rfind(b"\xe0\x7f\x10\x00O") > 0:
            for name in _PIXELS:
                yield Change(
                    f"{kind}|pixels: {name}|{number}", data, pixels_only(data, ATTACKS[name])
                )


def edited(kind: str, contents: list[bytes]) -> Iterator[Change]:
    """Every honest change that applies; a library that cannot make it leaves it out."""
    for number, data in enumerate(contents):
        for name, edit in EDITS.get(kind, []):
            after = _try(edit, data)
            if after is not None and after != data:
                yield Change(f"{kind}|{name}|{number}", data, after)


def _try(edit: Edit, data: bytes) -> bytes | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return edit(data)
        except Exception as refusal:  # noqa: BLE001 - any library may refuse a real file
            print(f"# left out: {type(refusal).__name__}", file=sys.stderr)
            return None


@dataclass
class Judged:
    """Verdicts by kind of document and by attack, how many contents there were, and the pace."""

    found: dict[str, list[bytes]]
    real: int
    seen: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_attack: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    speed: Speed = field(default_factory=lambda: Speed())


def judge(roots: list[Path], each: int, *, missed: bool = False) -> Judged:
    """Attack and edit up to ``each`` files of each kind found below ``roots``, and made ones."""
    found = collect(roots, each)
    judged = Judged(found, sum(map(len, found.values())))
    for _, maker in DOCUMENTS.values():
        made = [maker(seed) for seed in range(100, 100 + max(4, each // 4))]
        found[read(made[0]).kind] += made
    for kind, contents in sorted(found.items()):
        for file in judged.speed.scan(list(attacked(kind, contents))):
            judged.seen[kind][file.verdict] += 1
            judged.by_attack[file.path.split("|")[1]][file.verdict] += 1
            if missed and file.verdict != "suspect":
                print(f"# missed {file.path} : {file.verdict}, {file.reason}")
        for file in judged.speed.scan(list(edited(kind, contents))):
            judged.wrong[kind][file.verdict] += 1
            if missed and file.verdict == "suspect":
                print(f"# wrong {file.path} : {file.reason}")
    return judged


def measure() -> list[Row]:
    """For ``./run bench``: shares over the files of this Python's own folder and made ones."""
    judged = judge([Path(sys.prefix)], 20)
    shares = []
    for counts in (judged.seen, judged.wrong):
        total = sum(sum(counter.values()) for counter in counts.values())
        hits = sum(counter["suspect"] for counter in counts.values())
        shares.append(round(100 * hits / max(total, 1), 2))
    return [
        Row("attaques vues, par fichier", shares[0], "%", ">=", 97.0),
        Row("fausses suspicions, par fichier", shares[1], "%", "<=", 0.2),
    ]


def main() -> None:
    """The whole table, on the files of your choice: ``python -m bench.detection --roots DIR``."""
    parser = argparse.ArgumentParser(description="Measures the detector.")
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--roots", type=Path, nargs="*", default=[Path(sys.prefix)])
    parser.add_argument("--missed", action="store_true", help="names every miss")
    arguments = parser.parse_args()
    judged = judge(arguments.roots, arguments.each, missed=arguments.missed)
    sizes = {kind: len(items) for kind, items in judged.found.items()}
    print(f"{judged.real} files found, {sum(sizes.values()) - judged.real} made")
    _table(judged.seen, judged.wrong, sizes)
    _attacks(judged.by_attack)
    print(f"\n{judged.speed}")


class Speed:
    """Scans, and adds up files, octets of both versions and seconds."""

    def __init__(self) -> None:
        self.files, self.octets, self.seconds = 0, 0, 0.0
        self._clock = SystemClock()

    def scan(self, changes: list[Change]) -> list[FileVerdict]:
        """The verdicts on files whose octets changed: an attack may leave a short file as it is"""
        started = self._clock.monotonic()
        report = scan_changes(changes)
        self.seconds += self._clock.monotonic() - started
        self.files += report.changed
        for change in changes:
            self.octets += len(change.before or b"") + len(change.after or b"")  # type: ignore[arg-type]
        return [file for file in report.files if file.reason != "inchangé"]

    def __str__(self) -> str:
        rate, flow = self.files / self.seconds, self.octets / self.seconds / 1e6
        total = f"{self.files} comparisons in {self.seconds:.1f} s"
        return f"{total}: {rate:.0f} a second, {flow:.1f} MB/s"


def _table(
    seen: dict[str, Counter[str]],
    wrong: dict[str, Counter[str]],
    sizes: dict[str, int],
) -> None:
    print("\n| kind | files | attacked | suspect % | honest changes | suspect % | unchecked |")
    print("|---|---|---|---|---|---|---|")
    for kind in sorted(seen):
        _row(kind, str(sizes[kind]), seen[kind], wrong[kind])
    _row(
        "all",
        str(sum(sizes.values())),
        sum(seen.values(), Counter()),
        sum(wrong.values(), Counter()),
    )


def _row(kind: str, size: str, attacked: Counter[str], honest: Counter[str]) -> None:
    hits, tries = attacked["suspect"], attacked.total()
    false, days = honest["suspect"], honest.total()
    print(
        f"| {kind} | {size} | {tries} | {wilson(hits, tries)} | {days} | {wilson(false, days)}"
        f" | {honest['unchecked']} |"
    )


def _attacks(by_attack: dict[str, Counter[str]]) -> None:
    print("\n| attack | files | suspect % |\n|---|---|---|")
    for name, counts in by_attack.items():
        print(f"| {name} | {counts.total()} | {wilson(counts['suspect'], counts.total())} |")


if __name__ == "__main__":
    main()

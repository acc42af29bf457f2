"""A campaign: N points drawn by seed, and what was lost or found twice over all of them."""

from __future__ import annotations

import argparse
import os
import pwd
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from releve.cli.options import write_json
from tests.rig.disk import Disk, DiskAbsent
from tests.rig.lives import CheckFailed, Folder, Writer, check, live

_WRITERS = Path(__file__).parent / "writers"
_MAX_LIVES = 3
_SHOWN = 3


class Ending(Enum):
    """How a point ends its writer."""

    BOUNDARY = "tuée à un appel système"
    RANDOM = "tuée sous charge"
    CUT = "coupure de courant"


@dataclass
class Figures:
    """The outcome; ``lost`` and ``twice`` must be 0, and above 0 for a mutant's ``lost``."""

    writer: str
    points: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0


def writers() -> list[str]:
    """Names of the writers that exist."""
    return sorted(path.stem for path in _WRITERS.glob("[a-z]*.py"))


def plan(points: int, chance: random.Random) -> list[Ending]:
    """A third of power cuts at least, the rest shared, in a drawn order."""
    cuts = -(-points // 3)
    rest = [Ending.BOUNDARY, Ending.RANDOM] * points
    endings = [Ending.CUT] * cuts + rest[: points - cuts]
    chance.shuffle(endings)
    return endings


class Campaign:
    """Plays points one after the other; folders outlive a few of them."""

    def __init__(self, writer: Writer, plain: Path, disk: Disk, seed: int) -> None:
        self.figures = Figures(writer.name)
        self._writer, self._plain, self._disk, self._seed = writer, plain, disk, seed
        self._chance = random.Random(seed)
        self._folders: dict[Path, Folder] = {}
        self._cuts = 0

    def play(self, points: int) -> Figures:
        """Returns the figures; what went wrong is said on standard error as it happens."""
        for number, ending in enumerate(plan(points, self._chance), 1):
            self._point(number, ending)
        for folder in self._folders.values():
            folder.remove()
        return self.figures

    def _point(self, number: int, ending: Ending) -> None:
        folder = self._folder(number, self._disk.mount if ending is Ending.CUT else self._plain)
        seed = (self._seed * 1_000_000 + number) * 10
        at_boundary = ending is Ending.BOUNDARY
        acknowledged: set[str] = set()
        if ending is Ending.CUT:
            self._cuts += 1
            at_boundary = self._cuts % 2 == 0  # the first under load, so that it has much to lose
            if self._cuts % 3 == 0:  # killed, reopened from what memory holds, and only then cut
                acknowledged |= live(self._writer, folder, seed + 1, self._chance, at_boundary=True)
        acknowledged |= live(self._writer, folder, seed, self._chance, at_boundary=at_boundary)
        if ending is Ending.CUT:
            self._disk.cut()
            self._disk.remount()
        folder.acknowledged |= acknowledged
        self.figures.points += 1
        self.figures.acknowledged += len(acknowledged)
        self._judge(f"point {number} ({ending.value}, graine {seed})", folder)

    def _folder(self, number: int, where: Path) -> Folder:
        folder = self._folders.get(where)
        if folder is None or folder.lives == 0:
            if folder is not None:
                folder.remove()
            folder = Folder(where / f"vie-{number}", self._chance.randint(1, _MAX_LIVES))
            self._writer.make_folder(folder.path)
            self._folders[where] = folder
        folder.lives -= 1
        return folder

    def _judge(self, point: str, folder: Folder) -> None:
        try:
            found = check(self._writer, folder)
        except CheckFailed as why:
            lost = folder.acknowledged - folder.lost
            self.figures.lost += max(1, len(lost))
            folder.lives = 0
            _say(f"{point} : le dossier ne se rouvre pas, {len(lost)} perdus. {why}")
            return
        lost = {name for name in folder.acknowledged if not found.get(name)} - folder.lost
        twice = {name for name, times in found.items() if times > 1} - folder.twice
        folder.lost |= lost
        folder.twice |= twice
        self.figures.lost += len(lost)
        self.figures.twice += len(twice)
        for what, names in (("perdus", lost), ("en double", twice)):
            if names:
                _say(f"{point} : {len(names)} {what}, dont {', '.join(sorted(names)[:_SHOWN])}")


def run_campaign(name: str, points: int, seed: int, *, mutant: bool = False) -> Figures:
    """Play a campaign in a folder of its own; raises :class:`DiskAbsent` without root or loops."""
    if shutil.which("strace") is None:
        raise DiskAbsent("strace manque (apt-get install strace)")
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="releve-rig-")))
        base.chmod(0o755)
        user = _lesser_user() if os.geteuid() == 0 else None
        writer = Writer(name, mutant, base / "scratch", user)
        for folder in (writer.scratch, base / "plain"):
            writer.make_folder(folder)
        disk = stack.enter_context(Disk(base, writer.uid, writer.gid))
        return Campaign(writer, base / "plain", disk, seed).play(points)


def _lesser_user() -> pwd.struct_passwd:
    for name in ("releve", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DiskAbsent("aucun utilisateur sans droits (releve, nobody) n'existe")


def main(argv: Sequence[str]) -> int:
    """0 = nothing lost nor twice, 1 = something was, 2 = could not run."""
    parser = argparse.ArgumentParser(prog="./run test --long", description="Banc de pannes.")
    parser.add_argument("writer", choices=writers(), metavar="WRITER", help=", ".join(writers()))
    parser.add_argument("--points", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--mutant", action="store_true", help="la même campagne sans fsync")
    arguments = parser.parse_args(argv)
    try:
        figures = run_campaign(
            arguments.writer, arguments.points, arguments.seed, mutant=arguments.mutant
        )
    except DiskAbsent as why:
        _say(f"Banc de pannes impossible : {why}.")
        return 2
    write_json(arguments.json, asdict(figures))
    _say(
        f"{figures.writer} : {figures.points} points, {figures.acknowledged} acquittés,"
        f" {figures.lost} perdus, {figures.twice} en double"
    )
    return 1 if figures.lost or figures.twice else 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()

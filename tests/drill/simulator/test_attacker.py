"""The attacker harms the folder of its own run and nothing else, whatever is put in its way."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from releve.drill.simulator import attack, attacker
from releve.drill.simulator.attack import Ground, RunningAttack, make_ground, start_attack
from releve.drill.simulator.errors import AttackRefused
from releve.drill.simulator.plan import Pattern, Plan, Strike
from releve.drill.simulator.processes import SOURCES

_ROOT = os.geteuid() == 0
_NOBODY = 65534
_SECRET = b"un dossier qui n'est pas de cet exercice\n" * 400


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the attacker's user may walk; ``tmp_path`` is closed to others, a descriptor is not."""
    return tmp_path


@pytest.fixture
def foreign(place: Path) -> Iterator[Path]:
    """A tree that belongs to nobody's exercise; whatever the test does, it must not change."""
    folder = place / "ailleurs"
    (folder / "dedans").mkdir(parents=True)
    (folder / "dedans/dossier.txt").write_bytes(_SECRET)
    (folder / "note.txt").write_bytes(_SECRET[::-1])
    for path in folder.rglob("*"):
        path.chmod(0o777)
    before = _tree(folder)
    yield folder
    assert _tree(folder) == before


@pytest.fixture
def ground(place: Path) -> Ground:
    """A marked folder of three files, open to the attacker's group when the test is root."""
    made = make_ground(place / "hopital")
    for name in ("PC-A/un.txt", "PC-A/deux.txt", "PC-B/trois.txt"):
        path = made.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode() * 3000)
    _open_to_attacker(made.path)
    return made


def _open_to_attacker(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if _ROOT:
            os.chown(path, -1, _NOBODY, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(0o770)


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _launch(
    kind: str, args: Sequence[str], *, stdin: int, stdout: int, fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """What the root parent does: descriptors 3, 4 and 5, then the launcher."""
    code = (
        "import os, sys;"
        f"[os.dup2(s, 50 + n) for n, s in enumerate({list(fds)})];"
        f"[os.dup2(50 + n, 3 + n) for n in range({len(fds)})];"
        f"sys.path.insert(0, {str(SOURCES)!r}); sys.argv = [''] + {list(args)!r};"
        f"from releve.runtime.launchers import {kind}; {kind}.main()"
    )
    return subprocess.Popen([sys.executable, "-I", "-c", code], stdin=stdin, pass_fds=tuple(fds))


def _start(
    ground: Ground, plan: Plan, log: Path, targets: Sequence[str], pattern: Pattern = "full"
) -> RunningAttack:
    strikes = tuple(Strike(path, pattern) for path in targets)
    plan = replace(plan, strikes=strikes, files_per_s=500.0)
    if _ROOT:
        return start_attack(ground, plan, log, launch=_launch, user=(_NOBODY, _NOBODY))
    return start_attack(ground, plan, log)


def _refusal(ground: Ground, plan: Plan, log: Path, targets: Sequence[str]) -> str:
    assert _start(ground, plan, log, targets).wait() == 3
    assert not (ground.path / attacker.KEY_FILE).exists()
    return str(attack.read_log(log)[-1]["why"])


def _left(log: Path) -> dict[str, str]:
    lines = attack.read_log(log)
    return {str(line["path"]): str(line["why"]) for line in lines if line["event"] == "left"}


@pytest.mark.parametrize("pattern", ["full", "head", "stripes", "intermittent"])
def test_it_encrypts_and_its_key_undoes_it(
    ground: Ground, plan: Plan, tmp_path: Path, pattern: Pattern
) -> None:
    targets = ["PC-A/un.txt", "PC-B/trois.txt"]
    before = {name: (ground.path / name).read_bytes() for name in targets}
    log = tmp_path / "log"
    assert _start(ground, plan, log, targets, pattern).wait() == 0
    for name in targets:
        after = (ground.path / name).read_bytes()
        assert after != before[name]
        assert len(after) == len(before[name])
        assert attacker.decrypt(after, plan.key, name, pattern) == before[name]
    assert plan.key.hex() in (ground.path / attacker.KEY_FILE).read_text("utf-8")
    assert (ground.path / "PC-A/deux.txt").read_bytes() == b"PC-A/deux.txt" * 3000
    lines = attack.read_log(log)
    assert [line["event"] for line in lines] == [
        "start", "before", "after", "before", "after", "end",
    ]  # fmt: skip
    assert lines[0]["uid"] == (_NOBODY if _ROOT else os.getuid())
    assert list(attack.struck(lines)) == targets
    first = attack.first_byte(lines)
    assert first is not None
    assert str(lines[1]["at"]) <= first <= str(lines[2]["at"])
    assert list(attack.struck(lines, until=first)) == []


def test_it_has_no_network(ground: Ground, plan: Plan, tmp_path: Path) -> None:
    assert _start(ground, plan, tmp_path / "log", []).wait() == 0
    network = attack.read_log(tmp_path / "log")[0]["network"]
    if network != "aucun" and not _ROOT:
        pytest.skip("SANS ROOT : ce noyau refuse les espaces de noms à un utilisateur ordinaire")
    assert network == "aucun"


def test_traps_on_the_way_are_left_alone(
    ground: Ground, foreign: Path, plan: Plan, tmp_path: Path
) -> None:
    inside = ground.path / "PC-A"
    (inside / "lien.txt").symlink_to(foreign / "note.txt")
    (inside / "lien-dossier").symlink_to(foreign / "dedans", target_is_directory=True)
    (inside / "second-nom.txt").hardlink_to(foreign / "note.txt")
    os.mkfifo(inside / "tuyau", 0o777)
    _open_to_attacker(ground.path)
    (foreign / "note.txt").chmod(0o777)
    up = f"../{foreign.name}/note.txt"
    traps = [
        "PC-A/lien.txt", "PC-A/lien-dossier/dossier.txt", "PC-A/second-nom.txt", "PC-A/tuyau",
        up, f"PC-A/../../{foreign.name}/note.txt", str(foreign / "note.txt"), "PC-A//un.txt",
        "PC-A", "PC-A/absent.txt", ".", attacker.MARKER,
    ]  # fmt: skip
    log = tmp_path / "log"
    assert _start(ground, plan, log, [*traps, "PC-A/un.txt"]).wait() == 0
    assert set(_left(log)) == set(traps)
    assert list(attack.struck(attack.read_log(log))) == ["PC-A/un.txt"]


@pytest.mark.root
def test_a_mount_on_the_way_is_left_alone(
    ground: Ground, foreign: Path, plan: Plan, tmp_path: Path
) -> None:
    if not _ROOT:
        pytest.skip("SANS ROOT : monter un dossier demande l'administrateur")
    onto, file = ground.path / "PC-B/monte", ground.path / "PC-B/monte.txt"
    onto.mkdir()
    file.touch()
    _open_to_attacker(ground.path)
    mounted = []
    try:
        for source, target in ((foreign / "dedans", onto), (foreign / "note.txt", file)):
            subprocess.run(["mount", "--bind", source, target], check=True)
            mounted.append(target)
        log = tmp_path / "log"
        targets = ["PC-B/monte/dossier.txt", "PC-B/monte.txt"]
        assert _start(ground, plan, log, targets).wait() == 0
        assert set(_left(log).values()) == {"L'attaquant d'exercice refuse : un autre montage"
            " est sur le chemin."}  # fmt: skip
        assert list(attack.struck(attack.read_log(log))) == []
    finally:
        for target in mounted:
            subprocess.run(["umount", target], check=True)


def test_a_swapped_folder_is_refused(
    ground: Ground, foreign: Path, plan: Plan, tmp_path: Path
) -> None:
    ground.path.rename(ground.path.with_name("ecarte"))
    shutil.copytree(foreign, ground.path)
    shutil.copy(ground.path.with_name("ecarte") / attacker.MARKER, ground.path)
    _open_to_attacker(ground.path)
    before = _tree(ground.path)
    assert "pas le dossier" in _refusal(ground, plan, tmp_path / "log", ["note.txt"])
    assert _tree(ground.path) == before


def test_a_folder_swapped_for_a_link_is_not_even_opened(
    ground: Ground, foreign: Path, plan: Plan, tmp_path: Path
) -> None:
    ground.path.rename(ground.path.with_name("ecarte"))
    ground.path.symlink_to(foreign, target_is_directory=True)
    with pytest.raises(OSError, match="Not a directory"):
        _start(ground, plan, tmp_path / "log", ["note.txt"])


def test_a_copied_marker_proves_nothing(
    ground: Ground, foreign: Path, plan: Plan, tmp_path: Path
) -> None:
    """Even when the recorded device and inode are those of the other folder."""
    shutil.copy(ground.path / attacker.MARKER, foreign / attacker.MARKER)
    try:
        _open_to_attacker(foreign)
        status = foreign.stat()
        other = replace(ground, path=foreign, inode=status.st_ino, owner=status.st_uid)
        assert "marqueur" in _refusal(other, plan, tmp_path / "log", ["note.txt"])
    finally:
        (foreign / attacker.MARKER).unlink()


@pytest.mark.parametrize("how", ["absent", "link", "nonce", "owner", "hard-linked"])
def test_a_folder_that_does_not_carry_its_own_marker_is_refused(
    ground: Ground, place: Path, plan: Plan, tmp_path: Path, how: str
) -> None:
    marker = ground.path / attacker.MARKER
    if how == "absent":
        marker.unlink()
    elif how == "link":
        marker.rename(place / "marqueur")
        marker.symlink_to(place / "marqueur")
    elif how == "hard-linked":
        (place / "marqueur").hardlink_to(marker)
    elif how == "nonce":
        ground = replace(ground, nonce="0" * 32)
    else:
        ground = replace(ground, owner=ground.owner + 1)
    before = _tree(ground.path)
    assert _refusal(ground, plan, tmp_path / "log", ["PC-A/un.txt"])
    assert _tree(ground.path) == before


def test_it_stops_at_its_caps(ground: Ground, plan: Plan, tmp_path: Path) -> None:
    big = ground.path / "PC-A/gros.bin"
    with big.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    _open_to_attacker(ground.path)
    log = tmp_path / "log"
    assert _start(ground, plan, log, ["PC-A/gros.bin", "PC-A/un.txt"]).wait() == 0
    assert "plafond d'octets" in _left(log)["PC-A/gros.bin"]
    order = replace(attack.order_for(ground, plan, network_must_be_cut=False), max_files=0)
    descriptor, (out, inner) = os.open(ground.path, os.O_RDONLY), os.pipe()
    (ground.path / attacker.KEY_FILE).unlink()
    try:
        capped = attacker.Attack(order, descriptor, attacker.Log(inner))
        with pytest.raises(AttackRefused, match="plafond de 0 fichiers"):
            capped.play(out)
    finally:
        for number in (descriptor, out, inner):
            os.close(number)


@pytest.mark.root
def test_root_is_refused(ground: Ground, plan: Plan, tmp_path: Path) -> None:
    if not _ROOT:
        pytest.skip("SANS ROOT : il faut être administrateur pour être refusé comme tel")
    before = _tree(ground.path)
    running = start_attack(ground, plan, tmp_path / "log")
    assert running.wait() == 3
    assert "administrateur" in str(attack.read_log(tmp_path / "log")[-1]["why"])
    launcher = [sys.executable, "-m", "releve.runtime.launchers.attacker", "0", "0"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    assert subprocess.run(launcher, env=environment, check=False).returncode == 1
    assert _tree(ground.path) == before


def test_closing_the_life_pipe_ends_it_at_once(ground: Ground, plan: Plan, tmp_path: Path) -> None:
    strikes = (Strike("PC-A/un.txt", "full"), Strike("PC-A/deux.txt", "full"))
    slow = replace(plan, strikes=strikes, files_per_s=0.01)
    log = tmp_path / "log"
    user = (_NOBODY, _NOBODY) if _ROOT else None
    running = start_attack(ground, slow, log, launch=_launch if _ROOT else None, user=user)
    while not list(attack.struck(running.lines())):
        time.sleep(0.01)
    assert running.stop() == 4
    assert (running.stop(), running.wait()) == (4, 4)
    assert list(attack.struck(running.lines())) == ["PC-A/un.txt"]


def test_it_dies_with_the_engine(ground: Ground, tmp_path: Path) -> None:
    """The engine is killed: no attacker is left, and the second file is never touched."""
    log = tmp_path / "log"
    engine = subprocess.Popen(
        [sys.executable, "-c", _ENGINE, str(ground.path), str(log), ground.nonce],
        env={**os.environ, "PYTHONPATH": f"{SOURCES}:{SOURCES.parent}"},
    )
    while not log.exists() or b'"after"' not in log.read_bytes():
        assert engine.poll() is None
        time.sleep(0.01)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    while _writers_of(log):
        time.sleep(0.01)
    assert len(list(attack.struck(attack.read_log(log)))) == 1


_ENGINE = """
import sys, time
from dataclasses import replace
from pathlib import Path
from releve.drill.scenario import load
from releve.drill.simulator.attack import Ground, start_attack
from releve.drill.simulator.errors import AttackRefused
from releve.drill.simulator.plan import Strike, draw
from tests.drill.simulator.test_attacker import _launch, _NOBODY, _ROOT
path = Path(sys.argv[1])
seen = path.stat()
ground = Ground(path, sys.argv[3], seen.st_dev, seen.st_ino, seen.st_uid)
strikes = (Strike("PC-A/un.txt", "full"), Strike("PC-A/deux.txt", "full"))
plan = replace(draw(load("nuit-de-dimanche"), 1, fleet=1), strikes=strikes, files_per_s=0.01)
user = (_NOBODY, _NOBODY) if _ROOT else None
start_attack(ground, plan, Path(sys.argv[2]), launch=_launch if _ROOT else None, user=user)
time.sleep(60)
"""


def _writers_of(path: Path) -> list[str]:
    """Processes that hold the file open (the log is the attacker's own descriptor)."""
    holders = []
    for entry in Path("/proc").glob("[0-9]*/fd/4"):
        try:
            if entry.resolve() == path.resolve():
                holders.append(entry.parts[2])
        except OSError:
            continue
    return holders

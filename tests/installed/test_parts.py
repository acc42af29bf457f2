"""The parts of an installed home, each under its own user: they work together, and each reaches
what the table of the threat model gives it, nothing more. Needs root; ``.ci/run`` gives it.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import birth, read, writer_of
from releve.kernel.world import World
from releve.runtime import acl, tls
from releve.runtime.accounts import CONSOLE, PlaceTaken, apply, table, uid_of
from releve.runtime.installed import (
    CrisisOpen,
    DrillHome,
    PartsRunning,
    certify,
    make_home,
    make_users,
    place_pages,
)
from releve.runtime.installed import may_update as may
from tests.installed.house import House, excess, lowered, running, wait
from tests.installed.whole import Console, compromised, outside, page, walk

pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="SANS ROOT : aucun utilisateur à prendre"),
]
#: Another address of this machine, where the pages answer over TLS.
_OUTSIDE = "127.0.0.2"
SOURCES = str(Path(__file__).parents[2] / "src")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user may walk to."""
    with tempfile.TemporaryDirectory(prefix="releve-pieces-", dir="/var/tmp") as name:
        os.chmod(name, 0o755)  # noqa: S103
        yield Path(name)


@pytest.fixture(scope="module")
def house(place: Path) -> Iterator[House]:
    """An installed home at work. What the installer does, in its order."""
    home, log = place / "home", place / "log"
    log.mkdir()
    make_users(home, place)
    before = os.umask(0o022)
    make_home(home, place)
    os.umask(before)
    place_pages(home, place, [f"{_OUTSIDE}:{_free(_OUTSIDE)}"], None)
    installed = read(home)
    for row in table().parts:  # as doctor and install.sh look: nobody's lock may become theirs
        assert writer_of(installed, row.name) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELEVE_SOURCES", SOURCES)
        with running(home, log) as house:
            yield house


def test_all_work_together_each_under_its_own_user(house: House, place: Path) -> None:
    console = Console([*lowered("releve"), sys.executable, "-m", "releve.cli"], _sources())
    work = place / "work"
    work.mkdir()
    os.chown(work, uid_of("releve"), -1)
    assert len(walk(house, console, work, SOURCES)) == 7


def _free(where: str) -> int:
    with socket.create_server((where, 0)) as probe:
        return int(probe.getsockname()[1])


def test_the_pages_answer_outside_loopback_under_our_own_authority(house: House) -> None:
    (url,) = tls.reached(read(house.home), SystemClock().now()).urls
    assert urlsplit(url).hostname == _OUTSIDE
    (first,) = outside(house)
    assert "Relève" in first
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(url, timeout=20)  # noqa: S310


def test_a_certificate_made_again_by_root_is_read_by_the_web_part(house: House) -> None:
    leaf = house.home / "secrets/tls/pages.pem"
    before = leaf.read_bytes()
    leaf.write_bytes(b"damaged")
    certify(house.home, house.home)
    assert leaf.read_bytes() not in (before, b"damaged")
    house.stop_part("web")
    house.start_part("web")
    assert len(outside(house)) == 1
    assert compromised(house) == []


def _sources() -> dict[str, str]:
    return {"PYTHONPATH": SOURCES, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def test_a_part_that_fell_to_an_intruder_reaches_what_the_table_says(house: House) -> None:
    assert compromised(house) == []


def test_a_right_too_many_is_seen(house: House) -> None:
    """The probe itself: one secret opened to one more part, and it must say so."""
    secret = house.home / "secrets/web/django.key"
    before = os.getxattr(secret, acl.ACCESS)
    seen = acl.encode(6, {uid_of("releve-worker"): acl.READ, uid_of("releve-web"): acl.READ})
    os.setxattr(secret, acl.ACCESS, seen)
    try:
        found = excess(house.home, "worker", [], [])
    finally:
        os.setxattr(secret, acl.ACCESS, before)
    # The folder stays closed, so the file's own list alone opens nothing; its folder must too.
    assert found == []
    folder = secret.parent
    kept = os.getxattr(folder, acl.ACCESS)
    os.setxattr(folder, acl.ACCESS, acl.encode(7, {uid_of("releve-worker"): acl.READ | acl.PASS}))
    try:
        found = excess(house.home, "worker", [], [])
    finally:
        os.setxattr(folder, acl.ACCESS, kept)
    assert any(str(folder) in line for line in found)


def test_views_are_read_while_nobody_holds_them_open(house: House) -> None:
    """As just after the machine started: no projector yet, and a reader that may not write."""
    names = ("projector", "duty", "web")
    for name in names:
        house.stop_part(name)
    views = house.home / "care/views.sqlite3"
    as_left = _wards_read_by_web(views)
    with closing(sqlite3.connect(views)) as last:  # the last to leave tidies up
        last.execute("SELECT count(*) FROM patient").fetchone()
    assert not views.with_name("views.sqlite3-shm").exists()
    tidied = _wards_read_by_web(views)
    for name in names:
        house.start_part(name)
    assert (as_left, tidied) == ("1", "1")
    assert "Relève" in page(house)


def _wards_read_by_web(views: Path) -> str:
    code = (
        "import sys; from pathlib import Path; from releve.care.views import Views;"
        "print(len(Views(Path(sys.argv[1])).wards()))"
    )
    done = subprocess.run(
        [*lowered("releve-web"), sys.executable, "-c", code, str(views)],
        capture_output=True,
        text=True,
        check=False,
        env=_sources(),
        cwd="/",
    )
    return done.stdout.strip() or done.stderr


def test_access_lists_are_put_right_again_while_all_work(house: House) -> None:
    key = house.home / "secrets/worker/PC-ESSAI.json"
    os.chmod(key, 0o666)  # noqa: S103
    apply(house.home)
    assert key.stat().st_mode & 0o007 == 0
    assert compromised(house) == []


def test_a_link_planted_by_a_part_is_not_followed(house: House, place: Path) -> None:
    """Root puts the lists; what a part has made of its own folder must not lead it elsewhere."""
    target = place / "target"
    target.write_text("à root seul")
    target.chmod(0o600)
    trap = house.home / "vault/state/trap"
    trap.symlink_to(target)
    apply(house.home)
    assert acl.ACCESS not in os.listxattr(target)
    trap.unlink()
    (house.home / "run/kits.lock").unlink()
    (house.home / "run/kits.lock").symlink_to(target)
    with pytest.raises(PlaceTaken):
        apply(house.home)
    assert target.stat().st_mode & 0o777 == 0o600
    (house.home / "run/kits.lock").unlink()
    apply(house.home)


_PURGE = """
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from releve.kernel.home import read
from releve.retention import Signer
from releve.runtime.records import use_records
from releve.runtime.retention import enter_officer, plan_to_decide, sign_line
home, now = read(Path(sys.argv[1])), datetime.now(UTC)
use_records(home)
from releve.retention.app import desk
from releve.runtime.retention_tasks import do_purge
day = date(2026, 1, 1)
enter_officer(home, "Mme Garance Tissier", day, now)
for store in ("care.journal", "restores"):
    sign_line(home, store, Signer("Mme Odile Ferrand", "directrice", day), None, now)
plan = plan_to_decide(home, now)
do_purge.enqueue(desk.decide(plan, "essai", now).pk)
print(len(plan.months), len(plan.files))
"""


def test_the_duty_part_purges_without_ever_reading_a_key(house: House) -> None:
    keys, restored = house.home / "secrets/care/months", house.home / "restores/ancien/dossier"
    made = "from releve.care.keys import MonthKeys; from releve.kernel.home import read;"
    made += "import sys; from pathlib import Path; MonthKeys(read(Path(sys.argv[1]))).sealing('{}')"
    _as("releve-listener", made.format("2024-01"), house)
    made = "import os, sys; from pathlib import Path; p = Path(sys.argv[1]) / 'restores/ancien';"
    made += "(p / 'dossier').mkdir(parents=True); (p / 'dossier/x').write_text('x');"
    made += "os.utime(p, (1, 1))"
    _as("releve-worker", made, house)
    apply(house.home)
    assert _as(CONSOLE, _PURGE, house) == "1 1"
    wait("key destroyed", (keys / "2024-01.destroyed").exists, house)
    wait("restored files erased", lambda: not restored.parent.exists(), house)
    assert not (keys / "2024-01").exists()
    said = house.said()
    assert "conservation :" not in said and "PermissionError" not in said, said


def _as(user: str, code: str, house: House) -> str:
    """What a program says when it is run as ``user``."""
    done = subprocess.run(
        [*lowered(user), sys.executable, "-c", code, str(house.home)],
        capture_output=True,
        text=True,
        check=False,
        env=_sources(),
        cwd="/",
        umask=0o077,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_no_update_over_parts_at_work_nor_during_a_crisis(house: House, place: Path) -> None:
    with pytest.raises(PartsRunning):
        may(house.home, place)
    console = Console([*lowered("releve"), sys.executable, "-m", "releve.cli"], _sources())
    console("incident", "open", "--cause", "essai", "--home", str(house.home))
    with pytest.raises(CrisisOpen) as refused:
        may(house.home, place)
    assert "crise" in str(refused.value)
    console("incident", "close", "--why", "essai fini", "--home", str(house.home))
    with pytest.raises(PartsRunning):
        may(house.home, place)


def test_a_drill_home_is_never_installed(place: Path) -> None:
    drill = birth(place / "drill", World.DRILL, SystemClock().now())
    with pytest.raises(DrillHome):
        may(drill.path, place)
    assert read(drill.path).world is World.DRILL

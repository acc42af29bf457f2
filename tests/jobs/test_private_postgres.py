"""The private PostgreSQL that the tests and the drill's simulated server start."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from releve.drill.simulator import postgres
from releve.drill.simulator.postgres import PostgresFolderClosed, PrivatePostgres
from releve.kernel.errors import MissingTool

_STARTER = """
import sys
from pathlib import Path
from releve.drill.simulator.postgres import PrivatePostgres
server = PrivatePostgres(Path(sys.argv[1]))
server.start()
print((server.data / "postmaster.pid").read_text().split()[0], flush=True)
input()
"""


@pytest.fixture
def folder(cluster: PrivatePostgres) -> Iterator[Path]:
    """Under /tmp, where the server's own user may go; ``cluster`` skips when there is no server."""
    path = Path(tempfile.gettempdir(), f"releve-test-{secrets.token_hex(6)}")
    yield path
    shutil.rmtree(path, ignore_errors=True)


def alive(pid: int) -> bool:
    """False once it is gone, or a zombie that nobody has waited for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_ended(pid: int) -> None:
    hang = time.monotonic() + 30
    while alive(pid):
        assert time.monotonic() < hang, "le serveur survit à celui qui l'a lancé"
        time.sleep(0.01)


def test_what_was_committed_outlives_a_kill_and_a_restart(folder: Path) -> None:
    server = PrivatePostgres(folder)
    with server:
        with psycopg.connect(server.create_database("séjours")) as connection:
            connection.execute("CREATE TABLE stays AS SELECT generate_series(1, 12) AS number")
        server.kill()
        assert not server.running
        server.start()
        with psycopg.connect(server.dsn("séjours")) as connection:
            assert connection.execute("SELECT count(*) FROM stays").fetchone() == (12,)
    assert not server.running


def test_it_listens_on_no_network_and_its_socket_is_its_own(folder: Path) -> None:
    with PrivatePostgres(folder) as server, psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        sockets = (folder / "socket").stat()
        assert sockets.st_mode & 0o777 == 0o700
        assert sockets.st_uid != 0


def test_a_folder_too_deep_for_a_socket_gets_one_elsewhere_and_leaves_nothing(
    folder: Path,
) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    if os.geteuid() == 0:
        deep.parent.mkdir(parents=True)
    with PrivatePostgres(deep) as server:
        host = psycopg.conninfo.conninfo_to_dict(server.dsn())["host"]
        psycopg.connect(server.dsn()).close()
    assert not Path(str(host)).is_relative_to(folder)
    assert not Path(str(host)).exists()


def test_it_ends_with_the_process_that_started_it(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(folder)],
        env={**os.environ, "PYTHONPATH": "src"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        server = int(starter.stdout.readline())
        assert alive(server)
        starter.send_signal(signal.SIGKILL)
    wait_until_ended(server)


def test_a_machine_without_postgresql_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_INSTALLED", tmp_path)
    with pytest.raises(MissingTool) as raised:
        PrivatePostgres(tmp_path / "cluster")
    assert "apt-get install" in raised.value.remedy


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="seul root change d'utilisateur pour le serveur")
def test_root_is_told_which_folder_the_server_cannot_cross(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with pytest.raises(PostgresFolderClosed, match=str(folder)):
        PrivatePostgres(folder / "cluster").start()

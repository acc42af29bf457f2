"""The same checks on our receiver and on Debian's rest-server, and on servers that fail them."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from releve.kernel.outward import WrongWorld
from releve.kernel.world import World
from releve.vault.conformance import Check, Conformance
from releve.vault.errors import BadRepositoryUrl
from tests.vault import trixie
from tests.vault.conftest import OpenHouse
from tests.vault.house import until


def check(url: str, home: Path) -> list[Check]:
    return Conformance(World.DRILL, home).run(url)


@contextmanager
def rest_server(folder: Path, *options: str) -> Iterator[str]:
    """Debian's server on loopback with one user; yields the address of the user's repository."""
    folder.mkdir()
    digest = base64.b64encode(hashlib.sha1(b"secret").digest()).decode()  # noqa: S324  htpasswd
    (folder / ".htpasswd").write_text(f"PC-1:{{SHA}}{digest}\n")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    place = ["--path", str(folder), "--listen", f"127.0.0.1:{port}", "--private-repos"]
    server = subprocess.Popen(
        [trixie.rest_server(), *place, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(port), "rest-server")
        yield f"rest:http://PC-1:secret@127.0.0.1:{port}/PC-1/"
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_ours_conforms(house: OpenHouse) -> None:
    home = house("receiver")
    machine = home.enrol("PC-1")
    checks = check(machine.environment["RESTIC_REPOSITORY"], home.home.path)
    assert [c for c in checks if not c.ok] == []
    assert len({c.id for c in checks}) == len(checks) >= 18
    # a second run on the same repository says the same
    again = check(machine.environment["RESTIC_REPOSITORY"], home.home.path)
    assert [(c.id, c.ok) for c in again] == [(c.id, c.ok) for c in checks]


def test_debians_conforms(tmp_path: Path) -> None:
    with rest_server(tmp_path / "depot", "--append-only") as url:
        assert [c for c in check(url, tmp_path) if not c.ok] == []


def test_a_server_that_deletes_does_not_conform(tmp_path: Path) -> None:
    with rest_server(tmp_path / "depot") as url:
        failed = {c.id for c in check(url, tmp_path) if not c.ok}
    assert {"object-delete-refused", "config-delete-refused"} <= failed


def test_a_server_that_is_not_there_fails_every_check(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    checks = check(f"rest:http://a:b@127.0.0.1:{port}/a/", tmp_path)
    assert not any(c.ok for c in checks)


def test_an_address_says_what_it_lacks_and_a_drill_stays_on_this_machine(tmp_path: Path) -> None:
    for url in ("rest:http://127.0.0.1/", "http://u@h/", "fichier", "rest:ftp://u:p@h/"):
        with pytest.raises(BadRepositoryUrl):
            check(url, tmp_path)
    with pytest.raises(BadRepositoryUrl) as caught:
        check("ftp://PC-1:motdepasse@hote/PC-1/", tmp_path)
    assert "motdepasse" not in str(caught.value)
    with pytest.raises(WrongWorld):
        check("rest:http://u:p@coffre.chu.example/u/", tmp_path)


def test_the_verb(house: OpenHouse, tmp_path: Path) -> None:
    home = house("receiver")
    url = home.enrol("PC-1").environment["RESTIC_REPOSITORY"]
    verb = [sys.executable, "-m", "releve.cli", "vault", "conformance", url]
    place = ["--home", str(home.home.path), "--json", "-"]
    done = subprocess.run([*verb, *place], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert {tuple(sorted(row)) for row in figures["checks"]} == {("id", "ok", "seen")}

"""``serve``: each part killed comes back, none takes another down, nothing outlives it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from releve.care.projection import ViewsMissing
from releve.care.views import Views
from releve.runtime.supervisor import PARTS
from tests.care.messages import Someone, a28

PATIENCE = 40.0


def _wait(what: str, seen: Callable[[], Any]) -> Any:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        value = seen()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not seen within {PATIENCE} s")


class Service:
    """A real ``serve`` process on a real home."""

    def __init__(self, home: Path, extra: dict[str, str] | None = None) -> None:
        self.home = home
        environment = {**os.environ, **(extra or {})}
        command = [sys.executable, "-m", "releve.cli", "serve", "--home", str(home)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)

    def parts(self) -> dict[str, dict[str, int]]:
        try:
            lives: dict[str, dict[str, int]] = json.loads(
                (self.home / "run/parts.json").read_text()
            )
        except (OSError, ValueError):
            return {}
        return lives

    def endpoints(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.home / "run/endpoints.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def up(self) -> bool:
        if not {"signer", "receiver", "listener", "web"} <= set(self.endpoints()):
            return False
        try:
            return httpx.get(self.endpoints()["web"], follow_redirects=True).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path / "home")
    _wait("service up", running.up)
    yield running
    running.process.send_signal(signal.SIGINT)
    running.process.wait(PATIENCE)


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except OSError:
        return False


def test_each_part_killed_comes_back_and_takes_none_down(service: Service) -> None:
    before = service.endpoints()
    for name in PARTS:
        lives = service.parts()
        os.kill(lives[name]["pid"], signal.SIGKILL)

        def back(name: str = name, lives: dict[str, dict[str, int]] = lives) -> bool:
            return service.parts()[name]["pid"] != lives[name]["pid"]

        _wait(f"{name} back", back)
        _wait("service up", service.up)
        after = service.parts()
        others = [other for other in PARTS if other != name]
        assert {o: after[o]["pid"] for o in others} == {o: lives[o]["pid"] for o in others}
    assert service.endpoints() == before
    assert _sent(before["listener"], a28(Someone("900001", "ESSAI-REVENU"))) == "AA"
    views = Views(service.home / "care/views.sqlite3")
    _wait("message projected", lambda: _found(views, "ESSAI-REVENU"))
    assert {name: life["restarts"] for name, life in service.parts().items()} == dict.fromkeys(
        PARTS, 1
    ), "none came back only to fall again"


def _sent(address: str, message: bytes) -> str:
    """The acknowledgement code (MSA-1) of one message."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname or "", where.port or 0), PATIENCE) as peer:
        peer.sendall(b"\x0b" + message + b"\x1c\r")
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            answer += peer.recv(65536)
    return answer.split(b"\rMSA|")[1][:2].decode()


def _found(views: Views, name: str) -> bool:
    try:
        return bool(views.find(name))
    except ViewsMissing:
        return False


def test_a_part_that_says_too_much_is_still_kept_alive(tmp_path: Path) -> None:
    """A line longer than any buffer on its error output, then its death: it comes back."""
    patch = tmp_path / "patch"
    patch.mkdir()
    mark = tmp_path / "said"
    (patch / "sitecustomize.py").write_text(
        "import sys, pathlib\n"
        f"mark = pathlib.Path({str(mark)!r})\n"
        "if 'releve.runtime.worker' in sys.orig_argv and not mark.exists():\n"
        "    mark.touch()\n"
        "    sys.stderr.write('x' * 300_000 + '\\n')\n"
        "    sys.stderr.flush()\n"
        "    raise SystemExit(3)\n"
    )
    running = Service(tmp_path / "home", {"PYTHONPATH": str(patch)})
    try:
        _wait("service up", running.up)
        _wait("worker back", lambda: running.parts()["worker"]["restarts"] >= 1)
        worker = running.parts()["worker"]["pid"]
        _wait("worker alive", lambda: _alive(worker))
        assert (tmp_path / "home/log/worker.log").stat().st_size >= 300_000
    finally:
        running.process.send_signal(signal.SIGINT)
        running.process.wait(PATIENCE)


def test_a_second_serve_is_refused_and_says_where_the_first_is(service: Service) -> None:
    command = [sys.executable, "-m", "releve.cli", "serve", "--home", str(service.home)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert str(service.process.pid) in second.stderr
    assert "endpoints.json" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_service(tmp_path: Path, number: signal.Signals) -> None:
    running = Service(tmp_path / "home")
    _wait("service up", running.up)
    pids = [life["pid"] for life in running.parts().values()]
    running.process.send_signal(number)
    running.process.wait(PATIENCE)
    _wait("parts gone", lambda: not any(_alive(pid) for pid in pids))
    if number is not signal.SIGKILL:
        assert running.endpoints() == {}

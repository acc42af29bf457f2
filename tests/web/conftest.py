"""The real signer and the real web part, as processes, on a drill home."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from tests.pages.conftest import records

__all__ = ["records"]

_CODE = re.compile(r"Premier administrateur : ouvrez (\S+) et donnez le code ([0-9A-Z-]+)")


@dataclass
class Part:
    """One process of the product, and what it wrote on its error output."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    address: str = ""
    listener: threading.Thread | None = None

    def stop(self) -> int:
        """SIGTERM, and the status it ends with."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(10)
        if self.listener:
            self.listener.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return status


@dataclass
class Service:
    """The parts of one home."""

    home: Home
    web: Part
    signer: Part

    @property
    def address(self) -> str:
        return self.web.address

    def first_code(self) -> str:
        """The code of the console line."""
        while not (found := _CODE.search("".join(self.web.said))):
            assert self.web.process.poll() is None, self.web.said
            threading.Event().wait(0.02)
        return found.group(2)


def start_part(name: str, home: Path) -> Part:
    """Start a part and wait for its « ready » line."""
    environment = {**os.environ, "RELEVE_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-m", f"releve.runtime.{name}", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    part = Part(process)
    assert process.stdout and process.stderr
    part.listener = threading.Thread(target=lambda: part.said.extend(process.stderr or ()))
    part.listener.start()
    line = process.stdout.readline()
    assert line, part.said
    part.address = json.loads(line)["endpoints"][name]
    return part


def serve(folder: Path) -> Iterator[Service]:
    """Signer and web on a new drill home."""
    home = birth(folder / "home", World.DRILL, SystemClock().now())
    signer = start_part("signer", home.path)
    web = start_part("web", home.path)
    try:
        yield Service(home, web, signer)
    finally:
        assert web.stop() == 0
        signer.stop()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A fresh service, waiting for its first administrator."""
    yield from serve(tmp_path)

"""The unmodified restic program, run on folders of this machine only.

It gets a clean environment: no configuration of the person who started us may redirect it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from releve.kernel.errors import MissingTool
from releve.kernel.outward import FolderTarget, Outward
from releve.kernel.world import World
from releve.vault.errors import ResticFailed


class Restic(Outward):
    """One restic binary. Every method starts one process; raises ``MissingTool`` without it."""

    def __init__(self, world: World, home: Path, binary: str = "restic") -> None:
        super().__init__(world, home)
        self._binary = binary

    def init(self, repository: Path, password: str) -> None:
        """Create a repository in a folder; raises ``WrongWorld`` or :class:`ResticFailed`."""
        self.admit(FolderTarget(repository))
        self._run("init", repository, password, ["init"], accept=(0,))

    def restore(self, view: Path, password: str, snapshot: str, into: Path) -> str:
        """Restore a snapshot below ``into``; returns what restic complained of, empty when
        nothing: the caller compares the files themselves, whatever restic says.
        """
        self.admit(FolderTarget(into))
        arguments = ["--no-lock", "--no-cache", "restore", snapshot, "--target", str(into)]
        done = self._run("restore", view, password, arguments, accept=(0, 1, 3))
        return done.stderr.strip()

    def _found(self) -> str:
        found = shutil.which(self._binary)
        if found is None:
            raise MissingTool(
                tool="restic",
                purpose="il lit et restaure les sauvegardes",
                install="Installez-le : apt-get install restic",
            )
        return found

    def _run(
        self,
        verb: str,
        repository: Path,
        password: str,
        arguments: Sequence[str],
        accept: tuple[int, ...],
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.defpath,
            "HOME": str(repository.parent),
            "XDG_CACHE_HOME": str(repository.parent / ".cache"),
            "RESTIC_PASSWORD": password,
            "LC_ALL": "C.UTF-8",
        }
        done = subprocess.run(
            [self._found(), "-r", str(repository), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode not in accept:
            said = (done.stderr or done.stdout).strip()[-800:]
            raise ResticFailed(verb=verb, code=done.returncode, said=said)
        return done

"""Asking the living projector to make the views again: small files in ``HOME/run/rebuild``."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from releve.care.rebuilding import Rebuilt, durable_count
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home

_POLL_SECONDS = 0.05


class ProjectorSilent(ReleveError):
    """Le projecteur n'a pas répondu en {seconds} s."""

    next_step = "Regardez log/projector.log dans le dossier, puis recommencez."


class RebuildFailed(ReleveError):
    """Les vues n'ont pas pu être reconstruites : {why}"""

    next_step = "{fix}"


class Orders:
    """Both ends. The projector looks at :meth:`asked` between two turns.

    The last to ask is the one answered: who asked before finds that answer, whose rebuild began
    after both.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.run / "rebuild"
        self._order = self._folder / "asked"
        self._taken = self._folder / "taken"
        self._done = self._folder / "done"

    def asked(self) -> bool:
        """Whether somebody waits; or waited, when a projector was killed meanwhile."""
        return self._order.exists() or self._taken.exists()

    def answer(self, rebuild: Callable[[int], Rebuilt]) -> None:
        """Obey, then say what was done, or why not. Raises ``OSError`` when the answer cannot be
        written; the order is over all the same, and who asked is told so by its absence.
        """
        try:
            if not self._taken.exists():  # from here on, another order is another file
                os.replace(self._order, self._taken)
            token = self._taken.read_text("ascii", "replace")
        except FileNotFoundError:  # who asked gave up
            return
        try:
            said = self._obey(rebuild)
            write_durably(self._done, json.dumps({"token": token, **said}).encode())
        finally:
            self._taken.unlink(missing_ok=True)

    def _obey(self, rebuild: Callable[[int], Rebuilt]) -> dict[str, object]:
        try:
            done = rebuild(durable_count(self._home))
        except (ReleveError, OSError, sqlite3.Error) as error:
            fix = error.remedy if isinstance(error, ReleveError) else "Vérifiez le disque."
            return {"failed": str(error), "fix": fix}
        return {"records": done.records, "gone": done.gone, "altered": done.altered}

    def ask(self, seconds: float) -> Rebuilt:
        """Have the living projector do it; raises ``ProjectorSilent`` or ``RebuildFailed``."""
        token = secrets.token_hex(8)
        make_folder(self._folder)
        before = _bytes(self._done)
        write_durably(self._order, token.encode())
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            over = not self.asked()
            said = _bytes(self._done)
            if said != before and (over or _read(said).get("token") == token):
                return _rebuilt(_read(said))
            if over:
                raise RebuildFailed(
                    why="le projecteur n'a pas pu écrire sa réponse", fix="Vérifiez le disque."
                )
            time.sleep(_POLL_SECONDS)
        if _bytes(self._order) == token.encode():
            self._order.unlink(missing_ok=True)
        raise ProjectorSilent(seconds=round(seconds))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _read(said: bytes) -> dict[str, Any]:
    """An answer; none when the file is not one."""
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _rebuilt(said: dict[str, Any]) -> Rebuilt:
    if "failed" in said:
        raise RebuildFailed(why=said["failed"], fix=said["fix"])
    return Rebuilt(said["records"], said["gone"], said["altered"])

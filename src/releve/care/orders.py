"""Asking the living projector to make the views again: two small files in ``HOME/run``."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable

from releve.care.rebuilding import Rebuilt, durable_count
from releve.kernel.durable import write_durably
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
    """Both ends. The projector looks at :meth:`asked` between two turns."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._order = home.run / "care.rebuild"
        self._done = home.run / "care.rebuilt"

    def asked(self) -> bool:
        """Whether somebody waits."""
        return self._order.exists()

    def answer(self, rebuild: Callable[[int], Rebuilt]) -> None:
        """Obey, then say what was done, or why not."""
        token = self._order.read_text("ascii")
        try:
            done = rebuild(durable_count(self._home))
            said: dict[str, object] = {
                "records": done.records,
                "gone": done.gone,
                "altered": done.altered,
            }
        except (ReleveError, OSError) as error:
            fix = error.remedy if isinstance(error, ReleveError) else "Vérifiez le disque."
            said = {"failed": str(error), "fix": fix}
        write_durably(self._done, json.dumps({"token": token, **said}).encode())
        self._order.unlink(missing_ok=True)

    def ask(self, seconds: float) -> Rebuilt:
        """Have the living projector do it; raises ``ProjectorSilent`` or ``RebuildFailed``."""
        token = secrets.token_hex(8)
        write_durably(self._order, token.encode())
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            found = self._answered(token)
            if found is not None:
                return found
            time.sleep(_POLL_SECONDS)
        self._order.unlink(missing_ok=True)
        raise ProjectorSilent(seconds=round(seconds))

    def _answered(self, token: str) -> Rebuilt | None:
        try:
            said = json.loads(self._done.read_bytes())
        except (OSError, ValueError):
            return None
        if said["token"] != token:
            return None
        if "failed" in said:
            raise RebuildFailed(why=said["failed"], fix=said["fix"])
        return Rebuilt(said["records"], said["gone"], said["altered"])

"""What a drill or a real home may reach.

Every adapter that acts outside its own home is an :class:`Outward`: it is built with a
:class:`~releve.kernel.world.World` and asks :meth:`Outward.admit` before it touches a target. A
drill reaches loopback addresses and its own home, nothing else; a real home never writes into a
drill's. ``tests/architecture`` walks every subclass against every kind of target.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from releve.kernel.errors import ReleveError
from releve.kernel.home import read_world
from releve.kernel.world import World


@dataclass(frozen=True)
class HttpTarget:
    """A network address somebody asked us to reach."""

    url: str

    @property
    def loopback(self) -> bool:
        """True for literal loopback addresses and ``localhost``; a name is never resolved to
        decide.
        """
        host = urlsplit(self.url).hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class FolderTarget:
    """A folder somebody asked us to write into."""

    path: Path


Target = HttpTarget | FolderTarget


class WrongWorld(ReleveError):
    """Refusé : un dossier {world} ne touche pas {target}."""

    next_step = (
        "Un exercice ne joint que cette machine (127.0.0.0/8, ::1) et son propre dossier ;"
        " un dossier réel n'écrit jamais dans celui d'un exercice."
    )


class Outward:
    """Base of every adapter that acts outside its home: it demands a world and a home."""

    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.home = home

    def admit(self, target: Target) -> None:
        """Raise :class:`WrongWorld` unless this world may touch ``target``."""
        if not _allowed(self.world, self.home, target):
            shown = target.url if isinstance(target, HttpTarget) else target.path
            raise WrongWorld(world=self.world.value, target=shown)


def _allowed(world: World, home: Path, target: Target) -> bool:
    if isinstance(target, HttpTarget):
        return world is World.REAL or target.loopback
    path = target.path.resolve()
    if world is World.DRILL:
        return path.is_relative_to(home.resolve())
    return not any(read_world(folder) is World.DRILL for folder in (path, *path.parents))

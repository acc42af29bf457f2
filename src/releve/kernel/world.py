"""What separates a drill from reality.

Every adapter that acts outside its own home is an :class:`Outward`: it is built with a
:class:`World` and asks :meth:`Outward.admit` before it touches a target. A drill reaches loopback
addresses and its own home, nothing else; a real home never writes into a drill's.
``tests/architecture`` walks every subclass against every kind of target.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from releve.kernel.errors import ReleveError


class World(StrEnum):
    """A home is born one or the other, for ever."""

    REAL = "real"
    DRILL = "drill"


class Reality(StrEnum):
    """How a figure was obtained; « simulé » is never counted with the rest."""

    SIMULATED = "simulé"
    TECHNICAL = "technique"
    FIELD = "terrain"

    @property
    def world(self) -> World:
        """The only kind of home that may sign such a figure."""
        return World.DRILL if self is Reality.SIMULATED else World.REAL


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
    return not any(_is_drill_home(folder) for folder in (path, *path.parents))


def _is_drill_home(folder: Path) -> bool:
    from releve.kernel.home import read_world  # the home's file format is the home's business

    return read_world(folder) is World.DRILL

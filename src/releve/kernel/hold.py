"""« Conservation gelée »: a durable mark in the home; while it stands nothing that was kept may be
destroyed, whatever its age.

Whoever prunes, purges or forgets calls :func:`check_free` first. Setting the mark is one person's
act (it protects), lifting it takes two (``vault.app.acts``). A mark that cannot be read counts as a
mark: damage must not free anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import create_durably, fsync_folder, make_folder
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.units import moment

#: Apart from the home itself, where no part may create: ``retention.toml`` is beside it.
FOLDER = "retention"
_FILE = "hold.json"
_UNREADABLE = "la marque hold.json ne se lit pas"


class RetentionHeld(ReleveError):
    """La conservation est gelée depuis le {since} ({why}) : rien n'a été effacé."""

    next_step = (
        "Attendez la fin de l'enquête. Dégeler se fait à deux : page « Accords »,"
        " « Dégeler la conservation »."
    )
    exit_code = 1


class AnotherHold(ReleveError):
    """Ce gel n'est plus celui que la demande nomme : rien n'a été dégelé."""

    next_step = (
        "Faites une nouvelle demande « Dégeler la conservation » : elle nommera le gel"
        " d'aujourd'hui, s'il y en a un, et une autre personne le lira avant d'accepter."
    )
    exit_code = 1


@dataclass(frozen=True)
class Hold:
    """Since when nothing may be destroyed, why, and by whom (in words)."""

    since: datetime
    why: str
    by: str

    @property
    def mark(self) -> str:
        """Tells this freeze from any other: SHA-256 over the three, in hexadecimal."""
        return sha256(json.dumps([iso(self.since), self.why, self.by]).encode()).hexdigest()


def held(home: Home) -> Hold | None:
    """The mark that stands in ``home``; None when what is due may be destroyed."""
    path = _path(home)
    try:
        fields = json.loads(path.read_bytes())
        return Hold(from_iso(fields["since"]), str(fields["why"]), str(fields["by"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Hold(_written(home), _UNREADABLE, "")


def hold(home: Home, by: str, why: str, now: datetime) -> Hold:
    """Set the mark; durable on return. Set already: the first one stands."""
    fields = {"since": iso(now), "why": why, "by": by}
    make_folder(_path(home).parent)
    create_durably(_path(home), json.dumps(fields).encode(), mode=0o644)
    return held(home) or Hold(now, why, by)


def check_stands(home: Home, mark: str) -> None:
    """Raise :class:`AnotherHold` unless the freeze of that :attr:`Hold.mark` stands."""
    found = held(home)
    if found is None or found.mark != mark:
        raise AnotherHold


def release(home: Home, mark: str | None = None) -> bool:
    """Take the mark off (``mark``: only that one); False when it was not there. Durable on
    return.
    """
    found = held(home)
    if mark is not None and (found is None or found.mark != mark):
        return False
    try:
        (_path(home)).unlink()
    except FileNotFoundError:
        return False
    fsync_folder(_path(home).parent)
    return True


def check_free(home: Home) -> None:
    """Raise :class:`RetentionHeld` while the mark stands. To be called before any destruction."""
    found = held(home)
    if found is not None:
        raise RetentionHeld(since=moment(found.since), why=found.why)


def _path(home: Home) -> Path:
    return home.path / FOLDER / _FILE


def _written(home: Home) -> datetime:
    try:
        return datetime.fromtimestamp((_path(home)).stat().st_mtime, UTC)
    except OSError:
        return home.born

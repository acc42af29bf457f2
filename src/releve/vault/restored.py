"""The last finished restore of each machine: ``HOME/vault/restored/<machine>.json``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.vault.errors import StateUnreadable


@dataclass(frozen=True)
class Restored:
    """A restore that was finished and checked. ``number`` counts the machine's restores from 1."""

    machine: MachineName
    number: int
    into: Path
    snapshot: str
    files: int
    identical: int
    flaws: int
    finished: datetime


def remember(home: Home, done: Restored) -> None:
    """Write the record, durably."""
    path = _path(home, done.machine)
    make_folder(path.parent)
    fields = {**asdict(done), "into": str(done.into), "finished": iso(done.finished)}
    write_durably(path, json.dumps(fields, indent=1).encode())


def read_restored(home: Home, machine: MachineName) -> Restored | None:
    """The last one, None when there was none; raises :class:`StateUnreadable`."""
    path = _path(home, machine)
    try:
        fields = json.loads(path.read_text("utf-8"))
        into, finished = Path(fields["into"]), from_iso(fields["finished"])
        return Restored(**{**fields, "into": into, "finished": finished})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateUnreadable(path=path, why=error) from error


def last_restored(home: Home, machine: MachineName) -> Path | None:
    """Where the machine was last restored, once finished and checked; None before."""
    found = read_restored(home, machine)
    return found.into if found else None


def next_number(home: Home, machine: MachineName) -> int:
    """The number of the restore that is about to be remembered."""
    found = read_restored(home, machine)
    return found.number + 1 if found else 1


def _path(home: Home, machine: MachineName) -> Path:
    return home.path / "vault" / "restored" / f"{machine}.json"

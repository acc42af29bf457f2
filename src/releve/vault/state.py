"""What is known of each machine: ``HOME/vault/state/<machine>.json``, for pages and verbs.

Written durably by the worker only. Holds file paths of the last alarm: it stays in the home and is
shown only to those who may read the machine's files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.ids import MachineName, machine_name
from releve.vault.errors import StateUnreadable

SnapshotVerdict = Literal["clean", "doubtful", "alarm", "other-paths", "invalid"]
#: The verdicts as people read them.
VERDICTS: Mapping[SnapshotVerdict, str] = {
    "clean": "saine",
    "doubtful": "douteuse",
    "alarm": "ALARME",
    "other-paths": "autres dossiers",
    "invalid": "illisible",
}

#: Snapshots remembered per machine; older ones stay in the repository and its receipts.
MAX_SNAPSHOTS = 500
#: Suspect paths kept of the last alarm.
MAX_PATHS = 200


@dataclass(frozen=True)
class SnapshotLine:
    """One snapshot the worker read. ``number`` = its receipt's, ``received`` = the server's clock.

    ``clean``: no suspect change since the last clean one; ``doubtful``: too few suspects for an
    alarm. ``other-paths``: it covers other folders
    than the machine's first snapshot, so it is kept, restorable by name, and never « last clean ».
    """

    id: str
    number: int
    received: datetime
    tree: str
    paths: tuple[str, ...]
    verdict: SnapshotVerdict
    files: int
    changed: int = 0
    suspect: int = 0
    reason: str = ""

    @property
    def words(self) -> str:
        """The verdict as people read it."""
        return VERDICTS[self.verdict]


@dataclass(frozen=True)
class Alarm:
    """The last content alarm; cleared only by a person (later issue), never by a good snapshot."""

    at: datetime
    snapshot: str
    suspect: int
    reason: str
    #: Verdict → number of files (``suspect``, ``ok``, ``unchecked``, ``new``, ``gone``).
    counts: Mapping[str, int]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class MachineState:
    """Everything a page says of a machine. Times are the server's."""

    machine: MachineName
    enrolled: datetime
    #: Number of the first receipt not yet taken into account.
    next: int = 0
    #: What its first snapshot covers; snapshots of other folders never become « last clean ».
    paths: tuple[str, ...] = ()
    last_received: datetime | None = None
    objects: int = 0
    bytes: int = 0
    snapshots: tuple[SnapshotLine, ...] = ()
    alarm: Alarm | None = None
    #: Cause in French → how many times.
    refusals: Mapping[str, int] = field(default_factory=dict)
    #: Folder of the repository → objects posted there that did not read as valid.
    garbage: Mapping[str, int] = field(default_factory=dict)

    @property
    def last_clean(self) -> SnapshotLine | None:
        """The newest snapshot, by receipt, found clean."""
        return next((s for s in reversed(self.snapshots) if s.verdict == "clean"), None)

    def last_clean_before(self, moment: datetime) -> SnapshotLine | None:
        """The same among those received before ``moment``: for people who know better."""
        earlier = (line for line in reversed(self.snapshots) if line.received < moment)
        return next((line for line in earlier if line.verdict == "clean"), None)

    @property
    def last(self) -> SnapshotLine | None:
        """The newest snapshot read, whatever its verdict."""
        return self.snapshots[-1] if self.snapshots else None

    def with_snapshot(self, line: SnapshotLine) -> MachineState:
        """One more snapshot; the last clean one is never forgotten."""
        lines = (*self.snapshots, line)
        if len(lines) > MAX_SNAPSHOTS:
            clean = replace(self, snapshots=lines).last_clean
            dropped = next(i for i, kept in enumerate(lines) if kept != clean)
            lines = lines[:dropped] + lines[dropped + 1 :]
        return replace(self, snapshots=lines)


def state_folder(home: Path) -> Path:
    """Where the states of a home lie."""
    return home / "vault" / "state"


def read_state(home: Path, machine: MachineName) -> MachineState | None:
    """A machine's state, None before the worker has seen it; raises :class:`StateUnreadable`."""
    path = state_folder(home) / f"{machine}.json"
    try:
        return _decode(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateUnreadable(path=path, why=error) from error


def read_states(home: Path) -> list[MachineState]:
    """All machines the worker has seen, in order of name."""
    names = sorted(path.stem for path in state_folder(home).glob("*.json"))
    states = (read_state(home, machine_name(name)) for name in names)
    return [state for state in states if state is not None]


def write_state(home: Path, state: MachineState) -> None:
    """Replace a machine's state, durably."""
    folder = state_folder(home)
    make_folder(folder)
    data = json.dumps(asdict(state), default=_encode, indent=1).encode()
    write_durably(folder / f"{state.machine}.json", data)


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"{type(value).__name__} ne s'écrit pas en JSON")


def _decode(fields: dict[str, Any]) -> MachineState:
    return MachineState(
        machine_name(fields["machine"]),
        from_iso(fields["enrolled"]),
        int(fields["next"]),
        tuple(fields["paths"]),
        _moment(fields["last_received"]),
        int(fields["objects"]),
        int(fields["bytes"]),
        tuple(_line(line) for line in fields["snapshots"]),
        _alarm(fields["alarm"]),
        dict(fields["refusals"]),
        dict(fields["garbage"]),
    )


def _line(fields: dict[str, Any]) -> SnapshotLine:
    received, paths = from_iso(fields["received"]), tuple(fields["paths"])
    return SnapshotLine(**{**fields, "received": received, "paths": paths})


def _alarm(fields: dict[str, Any] | None) -> Alarm | None:
    if fields is None:
        return None
    return Alarm(**{**fields, "at": from_iso(fields["at"]), "paths": tuple(fields["paths"])})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)

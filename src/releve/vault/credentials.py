"""What each process may know of a machine.

The receiver reads ``secrets/receiver/<machine>.json``: a SHA-256 of the machine's 256-bit secret
and the name of its only key file. The worker reads ``secrets/worker/<machine>.json``: the password
of its repository. Neither file holds what the other does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from releve.kernel.durable import make_folder, write_durably
from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.vault.errors import NotEnrolled, StateUnreadable


@dataclass(frozen=True)
class Credential:
    """``secret_sha256`` is enough for 256 random bits. ``quota`` in bytes, None = no share set."""

    machine: MachineName
    secret_sha256: str
    key_name: str
    quota: int | None = None


@dataclass(frozen=True)
class RepositorySecret:
    """The worker's part: the repository's password and its only key file."""

    machine: MachineName
    password: str
    key_name: str


class Credentials:
    """The receiver's view of the enrolled machines; a new one is seen at once. Thread-safe."""

    def __init__(self, home: Home) -> None:
        self._folder = home.secrets("receiver")
        self._known: dict[str, tuple[int, Credential]] = {}

    def find(self, machine: str) -> Credential | None:
        """The credential of a machine whose name has been checked, None when not enrolled."""
        path = self._folder / f"{machine}.json"
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            self._known.pop(machine, None)
            return None
        known = self._known.get(machine)
        if known is None or known[0] != stamp:
            known = self._known[machine] = (stamp, Credential(**_read(path)))
        return known[1]


def matches(credential: Credential | None, secret: str) -> bool:
    """True when ``secret`` is the machine's; takes the same time whether it is enrolled or not."""
    expected = credential.secret_sha256 if credential else "0" * 64
    return hmac.compare_digest(fingerprint(secret), expected) and credential is not None


def new_secret() -> str:
    """256 random bits that need no quoting in an URL or a shell."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def write_credential(home: Home, credential: Credential) -> None:
    """Let a machine in; durable on return."""
    _write(home.secrets("receiver"), credential.machine, asdict(credential))


def write_repository_secret(home: Home, secret: RepositorySecret) -> None:
    """Give the worker a repository's password; durable on return."""
    _write(home.secrets("worker"), secret.machine, asdict(secret))


def enrolled(home: Home) -> list[MachineName]:
    """Machines whose enrolment was completed, in order of name."""
    return [MachineName(path.stem) for path in sorted(home.secrets("receiver").glob("*.json"))]


def repository_machines(home: Home) -> list[MachineName]:
    """Machines whose repository the worker can open, in order of name."""
    return [MachineName(path.stem) for path in sorted(home.secrets("worker").glob("*.json"))]


def repository_secret(home: Home, machine: MachineName) -> RepositorySecret:
    """The password of a machine's repository; raises :class:`NotEnrolled`."""
    path = home.secrets("worker") / f"{machine}.json"
    if not path.exists():
        raise NotEnrolled(machine=machine)
    return RepositorySecret(**_read(path))


def _write(folder: Path, machine: MachineName, fields: dict[str, object]) -> None:
    make_folder(folder)
    write_durably(folder / f"{machine}.json", json.dumps(fields, indent=1).encode(), mode=0o600)


def _read(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text("utf-8"))
        return {"machine": MachineName(path.stem), **fields}
    except (OSError, ValueError, TypeError) as error:
        raise StateUnreadable(path=path, why=error) from error

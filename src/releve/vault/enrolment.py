"""Enrolment: one repository, one credential and one key per machine.

The central repository of a home is made once by restic itself; every machine's repository takes its
chunker polynomial, so that a later ``restic copy`` into it finds identical chunks (decision 0007).
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shlex
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from releve.kernel.durable import make_folder, write_durably
from releve.kernel.home import Home, sole_writer
from releve.kernel.ids import MachineName
from releve.vault import restic_format
from releve.vault.credentials import (
    Credential,
    RepositorySecret,
    enrolled,
    fingerprint,
    new_secret,
    write_credential,
    write_repository_secret,
)
from releve.vault.errors import AlreadyEnrolled
from releve.vault.objects import Kind
from releve.vault.restic import Restic
from releve.vault.stores.folder import object_path


@dataclass(frozen=True)
class Enrolment:
    """What the machine needs, shown once and never kept in clear by the receiver."""

    machine: MachineName
    secret: str
    password: str

    def environment(self, port: int) -> dict[str, str]:
        """What restic reads; http because the address is this machine's own."""
        url = f"rest:http://{self.machine}:{self.secret}@127.0.0.1:{port}/{self.machine}/"
        return {"RESTIC_REPOSITORY": url, "RESTIC_PASSWORD": self.password}

    def shell_lines(self, port: int) -> tuple[str, ...]:
        """The same as assignments a shell reads."""
        found = self.environment(port).items()
        return tuple(f"{name}={shlex.quote(value)}" for name, value in found)


def enrol(home: Home, machine: MachineName, now: datetime, restic: Restic) -> Enrolment:
    """Make the repository and let the machine in; durable on return.

    The receiver's file is written last: until it is there the machine is not enrolled, and what an
    interrupted enrolment left is made again. Raises :class:`AlreadyEnrolled`.
    """
    with sole_writer(home, "enrolment"):
        if machine in enrolled(home):
            raise AlreadyEnrolled(machine=machine)
        polynomial = _central_polynomial(home, restic)
        secret, password = new_secret(), secrets.token_urlsafe(32)
        key_name = _make_repository(home, machine, password, polynomial, now)
        write_repository_secret(home, RepositorySecret(machine, password, key_name))
        write_credential(home, Credential(machine, fingerprint(secret), key_name))
        return Enrolment(machine, secret, password)


def _make_repository(
    home: Home, machine: MachineName, password: str, polynomial: str, now: datetime
) -> str:
    repository = home.path / "vault" / "repos" / machine
    shutil.rmtree(repository / Kind.KEYS.value, ignore_errors=True)
    master = restic_format.new_master_key()
    key = restic_format.make_key_file(master, password, machine, now)
    name = hashlib.sha256(key).hexdigest()
    for path, data in (
        (object_path(repository, Kind.KEYS, name), key),
        (object_path(repository, Kind.CONFIG, ""), restic_format.make_config(master, polynomial)),
    ):
        make_folder(path.parent)
        write_durably(path, data, mode=0o400)
    return name


def _central_polynomial(home: Home, restic: Restic) -> str:
    """The chunker polynomial of the home's central repository, made at the first enrolment."""
    central = home.path / "vault" / "central"
    secret = home.secrets("worker") / "central" / "password.json"
    if not secret.exists():
        shutil.rmtree(central, ignore_errors=True)
        make_folder(central.parent)
        password = secrets.token_urlsafe(32)
        restic.init(central, password)
        make_folder(secret.parent)
        # kept beside the password: reading it again would cost a key derivation per enrolment
        fields = {"password": password, "polynomial": read_polynomial(central, password)}
        write_durably(secret, json.dumps(fields).encode(), mode=0o600)
    return str(json.loads(secret.read_text("utf-8"))["polynomial"])


def read_polynomial(repository: Path, password: str) -> str:
    """The chunker polynomial of a repository in a folder; raises ``Unreadable``."""
    key = next(iter(sorted((repository / Kind.KEYS.value).iterdir()))).read_bytes()
    master = restic_format.open_key_file(key, password)
    return restic_format.read_config(master, (repository / "config").read_bytes()).polynomial

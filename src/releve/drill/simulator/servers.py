"""The three servers that care waits for (« P0 »): identity, files, database. All real processes.

Each has a folder that is backed up, a way to start from a folder that was restored, and a probe a
person would recognise: a known account signs in, a document opens unchanged, the stays are all
there. A probe answers False while the server is down or lies; it never raises.
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import httpx
import psycopg

from releve.drill.scenario import ServerRole
from releve.drill.simulator import fleet
from releve.drill.simulator.directory import DATABASE_FILE, hashed
from releve.drill.simulator.errors import SimulatorFailed
from releve.drill.simulator.hospital_sql import FACTS_SQL
from releve.drill.simulator.plan import Machine, Plan, User
from releve.drill.simulator.postgres import PrivatePostgres, tool
from releve.drill.simulator.processes import Child

_TIMEOUT_S = 5.0
_DUMP = "dumps/valbrume.sql"
_DATABASE = "valbrume"
_PROBED_FILES = 8


class Server(Protocol):
    """A P0 server. Not thread-safe; ``probe`` may be called as often as wanted."""

    name: str
    role: ServerRole

    @property
    def preparation(self) -> Sequence[Sequence[str]]:
        """Commands its machine runs before each backup, ``{slot}`` replaced; may be empty."""
        ...

    def create(self, folder: Path) -> None:
        """Write its data in ``folder`` for the first time, before ``start``."""
        ...

    def start(self, folder: Path) -> None:
        """Serve what ``folder`` holds (the first one, or a restored one); stops first if it runs.
        Raises ``SimulatorFailed`` when what is there cannot be served.
        """
        ...

    def expect(self, manifest: Mapping[str, str], facts: Sequence[str]) -> None:
        """What the probe must find: hashes and facts its machine recorded before that backup."""
        ...

    def probe(self) -> bool:
        """True when a person would find it working and its content right."""
        ...

    def stop(self) -> None:
        """End it; idempotent."""
        ...


class IdentityServer:
    """A small directory: invented accounts, salted hashes in SQLite, sign-in over loopback HTTP."""

    role: ServerRole = "identity"
    preparation: Sequence[Sequence[str]] = ()

    def __init__(self, name: str, users: Sequence[User]) -> None:
        self.name = name
        self._users = users
        self._served = _Served("directory")

    def create(self, folder: Path) -> None:
        fleet.write(folder / DATABASE_FILE, b"")
        base = sqlite3.connect(folder / DATABASE_FILE)
        with base:
            base.execute("CREATE TABLE accounts (login TEXT PRIMARY KEY, name, salt, hash)")
            rows = [(u.login, u.name, u.salt, hashed(u.password, u.salt)) for u in self._users]
            base.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?)", rows)
        base.close()

    def start(self, folder: Path) -> None:
        self._served.start(folder)

    def expect(self, manifest: Mapping[str, str], facts: Sequence[str]) -> None:
        """Nothing changes between backups: the accounts of the plan are what is expected."""

    def probe(self) -> bool:
        user, other = self._users[0], self._users[-1]
        right = self._sign_in(user.login, user.password) == 200
        return right and self._sign_in(other.login, "mauvais mot de passe") == 401

    def stop(self) -> None:
        self._served.stop()

    def _sign_in(self, login: str, password: str) -> int:
        answer = self._served.request("POST", "/sign-in", {"login": login, "password": password})
        return answer.status_code if answer is not None else 0


class FilesServer:
    """The shared folder, served over loopback HTTP."""

    role: ServerRole = "files"
    preparation: Sequence[Sequence[str]] = ()

    def __init__(self, machine: Machine) -> None:
        self.name = str(machine.name)
        self._served = _Served("share")
        documents = machine.documents
        self._expected = {d.path: hashlib.sha256(d.data).hexdigest() for d in documents}

    def create(self, folder: Path) -> None:
        """Its documents are laid out with every machine's."""

    def start(self, folder: Path) -> None:
        self._served.start(folder)

    def expect(self, manifest: Mapping[str, str], facts: Sequence[str]) -> None:
        self._expected = dict(manifest)

    def probe(self) -> bool:
        step = max(1, len(self._expected) // _PROBED_FILES)
        return all(self._same(path) for path in sorted(self._expected)[::step])

    def stop(self) -> None:
        self._served.stop()

    def _same(self, path: str) -> bool:
        answer = self._served.request("GET", f"/{path}")
        if answer is None or answer.status_code != 200:
            return False
        return hashlib.sha256(answer.content).hexdigest() == self._expected[path]


class DatabaseServer:
    """PostgreSQL: dumped by ``pg_dump`` before each backup, restored by ``psql`` into a cluster
    that did not exist before. ``clusters`` is a folder of its own, outside what is backed up.
    """

    role: ServerRole = "database"

    def __init__(self, name: str, clusters: Path, schema: str) -> None:
        self.name = name
        self._clusters, self._schema = clusters, schema
        self._postgres: PrivatePostgres | None = None
        self._dsn = ""
        self._folder: Path | None = None
        self._generation = 0
        self._expected = ""

    @property
    def preparation(self) -> Sequence[Sequence[str]]:
        psql = [str(tool("psql")), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", self._dsn]
        dump = str(self._required_folder() / _DUMP)
        return [
            [*psql, "-o", "/dev/null", "-c", "SELECT admissions({slot})"],
            [*psql, "-c", FACTS_SQL],
            [str(tool("pg_dump")), "--no-owner", "-f", dump, "-d", self._dsn],
        ]

    def create(self, folder: Path) -> None:
        """A first dump holds the schema, so that the first start is a restore like any other."""
        fleet.write(folder / _DUMP, self._schema.encode())

    def start(self, folder: Path) -> None:
        self.stop()
        self._folder = folder
        self._generation += 1
        self._postgres = PrivatePostgres(self._clusters / f"cluster-{self._generation}")
        self._postgres.start()
        self._dsn = self._postgres.create_database(_DATABASE)
        command = [str(tool("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1"]
        with (folder / _DUMP).open("rb") as dump:
            done = subprocess.run(
                [*command, "-o", "/dev/null", "-d", self._dsn],
                stdin=dump,
                capture_output=True,
                check=False,
            )
        if done.returncode != 0:
            why = done.stderr.decode("utf-8", "replace")[-400:].strip()
            raise SimulatorFailed(who=self.name, why=f"restauration de la base : {why}")
        self._expected = self._expected or self._facts()

    def expect(self, manifest: Mapping[str, str], facts: Sequence[str]) -> None:
        self._expected = facts[1]

    def probe(self) -> bool:
        try:
            return self._postgres is not None and self._facts() == self._expected
        except psycopg.Error:
            return False

    def stop(self) -> None:
        if self._postgres is not None:
            self._postgres.kill()
            self._postgres = None

    def _facts(self) -> str:
        with psycopg.connect(self._dsn, connect_timeout=int(_TIMEOUT_S)) as connection:
            row = connection.execute(FACTS_SQL.encode()).fetchone()
        return str(row[0]) if row else ""

    def _required_folder(self) -> Path:
        if self._folder is None:
            raise SimulatorFailed(who=self.name, why="la base n'est pas démarrée")
        return self._folder


def servers_of(plan: Plan, clusters: Path) -> list[Server]:
    """The servers of the plan, in its order, not started."""
    found: list[Server] = []
    for machine in plan.machines:
        if machine.role == "identity":
            found.append(IdentityServer(machine.name, plan.users))
        elif machine.role == "files":
            found.append(FilesServer(machine))
        elif machine.role == "database":
            found.append(DatabaseServer(machine.name, clusters, plan.database_sql))
    return found


class _Served:
    """A ``directory`` process that serves a folder over loopback HTTP, and a client for it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._child: Child | None = None
        self._client = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)
        self._url = ""

    def start(self, folder: Path) -> None:
        self.stop()
        self._child = Child("releve.drill.simulator.directory", [self._what, str(folder)])
        ready = self._child.read()
        if ready is None:
            raise SimulatorFailed(who=self._what, why=f"{folder} ne peut pas être servi")
        self._url = str(ready["url"])

    def request(
        self, method: str, path: str, fields: Mapping[str, str] | None = None
    ) -> httpx.Response | None:
        """None when nobody answers."""
        try:
            return self._client.request(method, f"{self._url}{path}", json=fields)
        except httpx.HTTPError:
            return None

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None
        self._url = "http://127.0.0.1:9"

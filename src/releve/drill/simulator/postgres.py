"""A private PostgreSQL: one cluster in one folder, reached through a Unix socket and nothing else.

The simulated database server of a drill and the tests use it. It never listens on a network, its
socket's folder opens to its own user only, and it dies with the process that started it: the
server's first process holds the end of a pipe whose other end is the starter's; when that closes,
however the starter died, the server stops at once. (``PR_SET_PDEATHSIG`` follows the starting
*thread*, not the process: a server started from a short-lived thread would stop with it.)

PostgreSQL refuses to run as root. When the caller is root the server runs as ``releve``, or
``nobody`` where that user does not exist yet; every parent of the folder must then let that user
through.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from releve.kernel.errors import MissingTool, ReleveError

#: The database role that owns everything in the cluster.
ROLE = "releve"
_INSTALLED = Path("/usr/lib/postgresql")
_SOCKET_FILE = ".s.PGSQL.5432"
#: sockaddr_un.sun_path is 108 bytes with its final zero (unix(7)).
_LONGEST_SOCKET_PATH = 107
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
#: End of file on the pipe stops the server; a line says that it already stopped.
_KEEPER = 'exec 3<&0 </dev/null; { read _ <&3 || kill -QUIT $$; } & exec 3<&-; exec "$@"'
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "max_wal_size": "128MB",
    "logging_collector": "off",
}


class PostgresFailed(ReleveError):
    """PostgreSQL n'a pas pu {action} dans {folder} : {output}"""

    next_step = "Lisez {folder}/postgres.log ; vérifiez la place libre et les droits du dossier."


class PostgresFolderClosed(ReleveError):
    """PostgreSQL refuse d'être lancé par root, et l'utilisateur {user} ne peut pas traverser
    {folder}.
    """

    next_step = "Ouvrez la traversée (chmod o+x {folder}) ou donnez un dossier sous /tmp."


class PrivatePostgres:
    """One cluster under ``folder``; ``start()`` creates it when it is not there yet.

    Not thread-safe. Raises :class:`~releve.kernel.errors.MissingTool` at construction when
    PostgreSQL is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self._initdb = tool("initdb")
        self._postgres = tool("postgres")
        self._user = _server_user()
        self._uid = self._user and self._user.pw_uid
        self._gid = self._user and self._user.pw_gid
        self._groups: list[int] | None = [] if self._user else None
        self._sockets: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """True from a ``start()`` that returned until the server ends, for whatever reason."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it answers; nothing when it already runs.

        Raises :class:`PostgresFailed` with the server's own words, or
        :class:`PostgresFolderClosed`.
        """
        if self.running:
            return
        self._forget()
        self._make_folder()
        if not self.data.exists():
            self._create_cluster()
        self._sockets = self._make_socket_folder()
        settings = {**_SETTINGS, "unix_socket_directories": str(self._sockets)}
        options = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _KEEPER, "sh", self._postgres, "-D", self.data, *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
                env=_ENVIRONMENT,
                user=self._uid,
                group=self._gid,
                extra_groups=self._groups,
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Close the sessions and stop the server cleanly; nothing when it does not run."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def dsn(self, database: str = "postgres") -> str:
        """The libpq URI of a database of the running server, without any secret."""
        if self._sockets is None:
            raise PostgresFailed(
                action="être joint", folder=self.folder, output="il n'est pas démarré"
            )
        host = quote(str(self._sockets), safe="")
        return f"postgresql:///{quote(database)}?host={host}&user={ROLE}"

    def create_database(self, name: str) -> str:
        """Create an empty database and return its dsn; raises ``psycopg.Error`` when it exists."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.dsn(name)

    def _make_folder(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir(parents=True, mode=0o700)
            self._give(self.folder)
        if self._user is None:
            return
        for folder in (*reversed(self.folder.parents), self.folder):
            if not _may_cross(folder, self._user):
                raise PostgresFolderClosed(user=self._user.pw_name, folder=folder)

    def _create_cluster(self) -> None:
        """``data`` appears whole: an ``initdb`` that was killed leaves only ``data.new``."""
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._give(unfinished)
        options = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C")
        done = subprocess.run(
            [self._initdb, *options, f"--username={ROLE}", f"--pgdata={unfinished}"],
            capture_output=True,
            check=False,
            cwd=self.folder,
            env=_ENVIRONMENT,
            user=self._uid,
            group=self._gid,
            extra_groups=self._groups,
        )
        if done.returncode != 0:
            output = done.stderr.decode("utf-8", "replace").strip()
            raise PostgresFailed(action="créer sa base", folder=self.folder, output=output)
        unfinished.rename(self.data)

    def _make_socket_folder(self) -> Path:
        own = self.folder / "socket"
        if len(os.fsencode(own / _SOCKET_FILE)) <= _LONGEST_SOCKET_PATH:
            own.mkdir(mode=0o700, exist_ok=True)
        else:
            own = Path(tempfile.mkdtemp(prefix="releve-pg-", dir="/tmp"))
        self._give(own)
        return own

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """The eighth line of postmaster.pid is the server's state; ``pg_ctl`` reads the same."""
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                lines = (self.data / "postmaster.pid").read_text("utf-8").split("\n")
                if lines[0] == str(process.pid) and lines[7:8] and lines[7].strip() == "ready":
                    return
            time.sleep(0.01)
        self.kill()
        output = self.log.read_text("utf-8", "replace")[-600:].strip()
        raise PostgresFailed(action="démarrer", folder=self.folder, output=output)

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        helpers = _children(process.pid)
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait()
        self._forget()
        _wait_until_gone(helpers, kill=how is signal.SIGKILL)

    def _forget(self) -> None:
        """Tell the keeper that all is over, and remove a socket folder made elsewhere."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(b"\n")
                self._process.stdin.flush()
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()
        if self._sockets is not None and self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._process = None
        self._sockets = None

    def _give(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)


def tool(name: str) -> Path:
    """A PostgreSQL program (``pg_dump``, ``psql``…) of the newest version installed.

    Raises :class:`~releve.kernel.errors.MissingTool`.
    """
    versions = [path for path in _INSTALLED.glob("*/bin") if path.parent.name.isdigit()]
    for folder in sorted(versions, key=lambda path: int(path.parent.name), reverse=True):
        if (folder / name).exists():
            return folder / name
    raise MissingTool(
        tool=f"PostgreSQL ({name})",
        purpose="sans lui, le serveur de base de données simulé ne démarre pas",
        install="Installez-le : apt-get install --no-install-recommends postgresql",
    )


def _server_user() -> pwd.struct_passwd | None:
    """Who runs the server when the caller is root; None: the caller himself."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("releve")
    except KeyError:
        return pwd.getpwnam("nobody")


def _may_cross(folder: Path, user: pwd.struct_passwd) -> bool:
    seen = folder.stat()
    if seen.st_uid == user.pw_uid:
        return bool(seen.st_mode & 0o100)
    if seen.st_gid == user.pw_gid:
        return bool(seen.st_mode & 0o010)
    return bool(seen.st_mode & 0o001)


def _children(pid: int) -> list[int]:
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _wait_until_gone(pids: list[int], *, kill: bool) -> None:
    """A new server is refused while a child of the old one still maps its shared memory."""
    deadline = time.monotonic() + _STOP_SECONDS
    for pid in pids:
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while _lives(pid) and time.monotonic() < deadline:
            time.sleep(0.01)


def _lives(pid: int) -> bool:
    """A zombie no longer maps anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

"""The records' schema, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from releve.drill.simulator.postgres import PrivatePostgres
from releve.kernel.errors import MissingTool
from releve.kernel.home import Home

_PROGRAM = """
import json, sys
from pathlib import Path
from releve.kernel.home import read
from releve.runtime.records import use_records
use_records(read(Path(sys.argv[1])))
from django.db import connection
from django.utils import timezone
from releve.pages.codes import issue_first_access
from releve.pages.grants import open_first
from releve.pages.models import Account
if not Account.objects.exists():
    open_first(code=issue_first_access(timezone.now()), login="a", name="A", password="x",
               entity="990000010", entity_name="V")
pragmas = {}
if connection.vendor == "sqlite":
    with connection.cursor() as cursor:
        for name in ("journal_mode", "synchronous", "mmap_size", "journal_size_limit"):
            pragmas[name] = cursor.execute("PRAGMA " + name).fetchone()[0]
print(json.dumps({"vendor": connection.vendor, "accounts": Account.objects.count(), **pragmas}))
"""


def _use(home: Home, **environment: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM, str(home.path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_sqlite_is_durable_and_kept_from_one_start_to_the_next(home: Home) -> None:
    expected = {
        "vendor": "sqlite",
        "accounts": 1,
        "journal_mode": "wal",
        "synchronous": 2,
        "mmap_size": 0,
        "journal_size_limit": 67108864,
    }
    assert _use(home) == _use(home) == expected


def test_processes_that_start_together_migrate_once(home: Home) -> None:
    programs = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                _PROGRAM.partition("from django.db")[0],
                str(home.path),
            ]
        )
        for _ in range(3)
    ]
    assert [program.wait(60) for program in programs] == [0, 0, 0]


@pytest.fixture
def server() -> Iterator[PrivatePostgres]:
    """A private PostgreSQL, in a folder that its own user may cross."""
    with tempfile.TemporaryDirectory(prefix="releve-") as folder:
        Path(folder).chmod(0o755)
        try:
            server = PrivatePostgres(Path(folder) / "pg")
            server.start()
        except MissingTool as missing:
            pytest.skip(str(missing))
        try:
            yield server
        finally:
            server.stop()


def test_postgresql_holds_the_same_records(home: Home, server: PrivatePostgres) -> None:
    dsn = server.create_database("releve")
    assert _use(home, RELEVE_DATABASE=dsn) == {"vendor": "postgresql", "accounts": 1}
    assert not (home.path / "records.sqlite3").exists()

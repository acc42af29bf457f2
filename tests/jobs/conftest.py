"""Every test of the table runs on both databases: real files, a real server."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from releve.drill.simulator.postgres import PrivatePostgres
from releve.kernel.clock import ManualClock
from releve.kernel.errors import MissingTool
from tests.jobs.settings import database as settings_of

SUNDAY_NIGHT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(SUNDAY_NIGHT)


@pytest.fixture(scope="session")
def cluster() -> Iterator[PrivatePostgres]:
    """One server for the session. Not under pytest's own folder: root's is closed to the user that
    PostgreSQL must run as.
    """
    folder = Path(tempfile.gettempdir(), f"releve-test-{secrets.token_hex(6)}")
    try:
        server = PrivatePostgres(folder)
    except MissingTool as missing:
        pytest.skip(f"{missing} {missing.remedy}")
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql(cluster: PrivatePostgres, django_db_blocker: DjangoDbBlocker) -> str:
    """The address of the one database that the session's tests empty in turn."""
    address = cluster.create_database("jobs")
    with django_db_blocker.unblock(), connected_to(address):
        migrate()
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The address of a database with an empty jobs table, made by the real migrations; it is
    Django's default one for the test.
    """
    if request.param == "sqlite":
        address = str(tmp_path / "records.sqlite3")
        with django_db_blocker.unblock(), connected_to(address):
            migrate()
            yield address
        return
    address = request.getfixturevalue("postgresql")
    with django_db_blocker.unblock(), connected_to(address):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE jobs_job RESTART IDENTITY")
        yield address


def migrate() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] == "jobs"])


@contextmanager
def connected_to(address: str) -> Iterator[None]:
    """Make ``address`` the default database of this process, in every thread."""
    kept, connections.settings = (
        connections.settings,
        connections.configure_settings({"default": settings_of(address)}),
    )
    outer = next((c for c in connections.all(initialized_only=True) if c.alias == "default"), None)
    if outer is not None:
        del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings = kept
        if outer is not None:
            connections["default"] = outer


@pytest.fixture
def environment(database: str) -> dict[str, str]:
    """For a process of the test that works on the same database."""
    return {
        **os.environ,
        "RELEVE_JOBS_DATABASE": database,
        "DJANGO_SETTINGS_MODULE": "tests.jobs.settings",
        "PYTHONPATH": os.pathsep.join(("src", ".")),
    }

"""Django on a home's records: environment, secrets of the web part, schema up to date."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.fernet import Fernet

from releve.kernel.durable import create_durably, make_folder
from releve.kernel.home import Home

SETTINGS = "releve.web.settings"
#: The home whose records this process uses.
_used: list[Path] = []


def use_records(home: Home) -> None:
    """Make Django's models of ``home`` usable in this process; costs about half a second, once.

    Creates the web part's secrets (0600) when they are missing and brings the schema up to date;
    processes that start together wait for one another. The database is ``HOME/records.sqlite3``, or
    the one ``RELEVE_DATABASE`` names. One home per process: Django reads its settings once.
    """
    if _used == [home.path]:
        return
    os.environ["RELEVE_HOME"] = str(home.path)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    make_secrets(home)
    import django

    django.setup()
    with _alone(home):
        _migrate()
    _used[:] = [home.path]


def make_secrets(home: Home) -> None:
    """The keys that sign sessions and seal TOTP secrets; kept once made. A part whose user may not
    enter there (an installed home) needs none of them, and the installer made them.
    """
    folder = home.secrets("web")
    with suppress(PermissionError):
        make_folder(folder)
        create_durably(folder / "django.key", secrets.token_urlsafe(48).encode())
        create_durably(folder / "second-factor.key", Fernet.generate_key())


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        # SQLite: a process killed between a table's transaction and its record in the list of
        # migrations leaves the table; ``fake_initial`` then takes it as it is.
        call_command("migrate", verbosity=0, interactive=False, fake_initial=True)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    make_folder(home.run)
    descriptor = os.open(home.run / "records.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

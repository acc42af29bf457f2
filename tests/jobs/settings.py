"""Django for the jobs alone, over the database that ``RELEVE_JOBS_DATABASE`` names: a file for
SQLite, or a ``postgresql:///`` address.
"""

from __future__ import annotations

import os
from typing import Any

from psycopg.conninfo import conninfo_to_dict

#: Shorter than the product's, so that a lease of a test can be short too.
SQLITE_TIMEOUT = 1.5


def database(address: str) -> dict[str, Any]:
    """Django's settings of one database; the SQLite ones are the product's but for the timeout."""
    if address.startswith("postgresql:"):
        fields = conninfo_to_dict(address)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": fields["dbname"],
            "USER": fields["user"],
            "HOST": fields["host"],
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": address,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_TIMEOUT,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0",
        },
    }


SECRET_KEY = "of-no-use-here"  # noqa: S105
INSTALLED_APPS = ["releve.jobs.app"]
DATABASES = {"default": database(os.environ.get("RELEVE_JOBS_DATABASE", ":memory:"))}
USE_TZ = True
TIME_ZONE = "Europe/Paris"

"""Django with the outbox alone; the database is named by the environment."""

from __future__ import annotations

import os

SECRET_KEY = "tests only"  # noqa: S105
INSTALLED_APPS = ["releve.ledger.app"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("OUTBOX_DATABASE", ":memory:"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

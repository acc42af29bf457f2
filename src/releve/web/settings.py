"""Django's settings, from the environment that ``runtime`` prepares; see ``docs/decisions``."""

from __future__ import annotations

import os
from pathlib import Path

HOME = Path(os.environ.get("RELEVE_HOME", "var/home"))
SECRET_KEY = "replaced-below"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HOME / "records.sqlite3"}}
USE_TZ = True
TIME_ZONE = "Europe/Paris"
LANGUAGE_CODE = "fr"

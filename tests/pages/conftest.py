"""Django on a fresh drill home: its secrets, its known places, an empty database."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from pytest_django import Settings

from releve.kernel.home import Home
from releve.pages.models import Place
from releve.runtime.records import make_secrets
from tests.pages.people import EJ, OTHER, SITE, WARD


@pytest.fixture
def records(home: Home, settings: Settings, db: None) -> Home:
    """The home whose pages are tried; the hospital of Valbrume is known."""
    settings.HOME = home.path
    make_secrets(home)
    cache.clear()
    for where, name in (
        (EJ, "CH de Valbrume"),
        (SITE, "Site principal"),
        (WARD, "Chirurgie B"),
        (OTHER, "Autre entité"),
    ):
        Place.objects.create(perimeter=where, name=name)
    return home

"""Patients' pages in the web part, whether or not ``releve.web`` lists them already."""

from __future__ import annotations

import os

from django.urls import include, path

from releve.kernel.home import Home
from releve.runtime.records import make_secrets

APP = "releve.care.app"


def wire(home: Home) -> None:
    """Before ``django.setup()``: the application; after it, :func:`wire_urls`."""
    os.environ["RELEVE_HOME"] = str(home.path)
    make_secrets(home)
    from releve.web import settings

    if APP not in settings.INSTALLED_APPS:
        settings.INSTALLED_APPS.append(APP)


def wire_urls() -> None:
    """The addresses, once."""
    from releve.web import urls

    if not any("releve.care" in repr(each) for each in urls.urlpatterns):
        urls.urlpatterns.insert(0, path("", include("releve.care.app.urls")))

"""The Django application."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "releve.pages"
    label = "pages"

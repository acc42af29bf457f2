"""The Django application."""

from __future__ import annotations

from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "releve.care.app"
    label = "care"

"""Django's name for this room."""

from __future__ import annotations

from django.apps import AppConfig


class DrillConfig(AppConfig):
    """Tables ``drill_*``."""

    name = "releve.drill.app"
    label = "drill"
    verbose_name = "Exercices"
    default_auto_field = "django.db.models.BigAutoField"

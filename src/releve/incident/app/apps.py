"""Django's name for this room."""

from __future__ import annotations

from django.apps import AppConfig


class IncidentConfig(AppConfig):
    """Tables ``incident_*``."""

    name = "releve.incident.app"
    label = "incident"
    verbose_name = "Crise"
    default_auto_field = "django.db.models.BigAutoField"

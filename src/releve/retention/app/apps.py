"""Django's name for this room."""

from __future__ import annotations

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Tables ``retention_*``."""

    name = "releve.retention.app"
    label = "retention"
    verbose_name = "Conservation"
    default_auto_field = "django.db.models.BigAutoField"

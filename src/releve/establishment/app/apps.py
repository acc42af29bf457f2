"""Django's name for this room."""

from __future__ import annotations

from django.apps import AppConfig


class EstablishmentConfig(AppConfig):
    """Tables ``establishment_*``: service interviews. The folder stays the truth of the rest."""

    name = "releve.establishment.app"
    label = "establishment"
    verbose_name = "Établissement"
    default_auto_field = "django.db.models.BigAutoField"

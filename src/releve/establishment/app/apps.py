"""Django's name for this room: pages only, no table."""

from __future__ import annotations

from django.apps import AppConfig


class EstablishmentConfig(AppConfig):
    """No model: the folder is the truth."""

    name = "releve.establishment.app"
    label = "establishment"
    verbose_name = "Établissement"

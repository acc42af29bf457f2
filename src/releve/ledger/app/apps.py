"""Django's name for this room."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Tables ``ledger_outbox`` and ``ledger_outboxcounter``."""

    name = "releve.ledger.app"
    label = "ledger"
    verbose_name = "Registre de preuve"
    default_auto_field = "django.db.models.BigAutoField"

"""The Django application."""

from __future__ import annotations

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "releve.vault.app"
    label = "vault"

"""The real crisis as the settings supply it (``RELEVE_REAL_CRISIS``)."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from releve.drill.field.ports import RealCrisis


def real_crisis() -> RealCrisis:
    """What implements the port."""
    return cast(RealCrisis, import_string(settings.RELEVE_REAL_CRISIS))

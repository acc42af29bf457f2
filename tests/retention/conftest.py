"""Django on a fresh drill home, as the pages' tests make it."""

from __future__ import annotations

from tests.pages.conftest import records

__all__ = ["records"]

"""The home this process serves, and the perimeters it knows."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from releve.kernel.errors import ReleveError
from releve.kernel.home import Home, read
from releve.kernel.perimeter import Perimeter, perimeter
from releve.pages.models import Place


@lru_cache(maxsize=4)
def _home(path: Path) -> Home:
    return read(path)


def current_home() -> Home:
    """The home of this process; its world and its id never change."""
    return _home(settings.HOME)


def legal_entity() -> Place | None:
    """The legal entity (EJ) this home was opened for; None before the first access."""
    return Place.objects.exclude(perimeter__contains="/").order_by("pk").first()


def home_perimeter() -> Perimeter | None:
    """That entity's perimeter."""
    entity = legal_entity()
    return perimeter(entity.perimeter) if entity else None


def perimeter_of(finess: str) -> Perimeter | None:
    """The perimeter an evidence's FINESS number names.

    A site (EG) is found below its entity when this home knows it; another number stands for itself;
    an evidence without a number belongs to the home's own entity.
    """
    known = Place.objects.filter(perimeter__endswith=finess).order_by("pk")
    for place in known:
        where = perimeter(place.perimeter)
        if where.parts[-1] == finess and where.ward is None:
            return where
    try:
        return perimeter(finess)
    except ReleveError:
        return home_perimeter()

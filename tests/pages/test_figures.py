"""A figure never lies about its age, and what is not measured says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releve.kernel.units import moment
from releve.pages.figures import Figure, age, show, written

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("back", "state", "old"),
    [
        (timedelta(hours=1), "à jour", False),
        (1.5 * DAY, "à vérifier", False),
        (2 * DAY, "à vérifier", False),
        (2 * DAY + timedelta(seconds=1), "vieux", True),
        (timedelta(hours=-1), "à vérifier", False),
    ],
)
def test_a_figure_ages_with_its_period(back: timedelta, state: str, old: bool) -> None:
    shown = show(Figure("x", 27, "s", NOW - back, 4812, DAY), NOW)
    assert (shown.state, shown.old) == (state, old)
    assert shown.entry == 4812


def test_what_is_not_measured_is_neither_blank_nor_zero() -> None:
    shown = show(Figure("x", todo="faire un essai", period=DAY), NOW)
    assert (shown.value, shown.mark, shown.state) == ("–", "–", "non mesuré")
    assert (shown.todo, shown.entry) == ("faire un essai", None)


def test_a_value_without_its_time_is_not_measured() -> None:
    assert show(Figure("x", 27, "s"), NOW).state == "non mesuré"


def test_a_failed_measure_is_missing_whatever_its_age() -> None:
    assert show(Figure("x", False, "", NOW, 1, DAY, good=False), NOW).state == "manquant"


def test_a_figure_of_elsewhere_shows_nothing_of_itself() -> None:
    shown = show(Figure("x", 27, "s", NOW, 1, DAY, elsewhere=True), NOW)
    assert (shown.value, shown.when, shown.entry) == ("–", "", None)


def test_numbers_and_hours_are_written_as_people_read_them() -> None:
    assert written(4812, "fichiers") == "4\u202f812\u202ffichiers"
    assert written(2.5, "s") == "2,5\u202fs"
    assert written(True, "") == "oui"
    assert moment(NOW) == "23 nov. 2026 à 02:00"
    assert age(NOW - timedelta(minutes=200), NOW) == "il y a 3\u202fh 20"
    assert "horloge" in age(NOW + DAY, NOW)

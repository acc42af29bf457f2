"""Reading the views from many threads, through a replaced file, and after a failure."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from releve.care.projection import ViewsMissing
from releve.care.views import ON_A_LINE
from tests.care.messages import Bed, Someone, a01, a28, al1, oru, rde
from tests.care.projection.feeds import NOW, kept, projected, viewed

ANNA = Someone("1", "DURAND", "Anna")
BED = Bed("CHIRB", "1", "B01", "V1")


def _descriptors(path: Path) -> int:
    """How many times this process holds that file open."""
    links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return sum(os.path.realpath(link) == str(path) for link in links)


def test_a_connection_serves_again_whichever_thread_asks(tmp_path: Path) -> None:
    views = viewed(tmp_path, [a28(ANNA), a01(ANNA, BED, "M1")])
    for _ in range(20):  # a new thread for each answer, as the web part does
        asking = threading.Thread(target=views.wards)
        asking.start()
        asking.join()
    assert _descriptors(tmp_path / "views.sqlite3") == 1
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: views.census("CHIRB", NOW), range(64)))
    assert {tuple(row.ipp for row in answer) for answer in answers} == {("1",)}
    views.close()
    assert _descriptors(tmp_path / "views.sqlite3") == 0


def test_another_file_in_the_same_place_is_read(tmp_path: Path) -> None:
    views = viewed(tmp_path, [a28(ANNA)])
    assert [found.name for found in views.find("durand")] == ["DURAND"]
    aside = tmp_path / "aside.sqlite3"
    projected(aside, kept([a28(Someone("2", "MARTIN"))]))
    os.replace(aside, tmp_path / "views.sqlite3")
    assert views.find("durand") == ()
    assert [found.name for found in views.find("martin")] == ["MARTIN"]
    os.unlink(tmp_path / "views.sqlite3")
    with pytest.raises(ViewsMissing):
        views.wards()


def test_a_census_reads_what_its_lines_show_and_no_more(tmp_path: Path) -> None:
    views = viewed(
        tmp_path,
        [
            a28(ANNA, al1("latex")),
            a01(ANNA, BED, "M1"),
            rde(ANNA, BED, "O1", "Héparine"),
            oru(ANNA, BED, "L1", "Sodium", "140"),
        ],
    )
    whole, line = views.ward("CHIRB", NOW), views.ward("CHIRB", NOW, sections=ON_A_LINE)
    (full,), (short,) = whole.patients, line.patients
    assert [section.name for section in short.sections] == list(ON_A_LINE)
    assert all(short.section(name) == full.section(name) for name in ON_A_LINE)
    assert (short.traits, short.stay) == (full.traits, full.stay)
    assert len(full.section("results").rows) == 1

"""A change of one file is a new generation, all or nothing, made from what its author saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from releve.establishment import amend, current, load, stored
from releve.establishment.errors import FolderFaulty, Overtaken
from releve.establishment.folder import BLANK
from releve.establishment.store import stored_files
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from tests.establishment.sample import FILES, write

_NOW = SystemClock().now()
_PEOPLE = "id;last_name;phone\nP1;ORCHIDÉE;06 39 98 00 01\n".encode()


def test_one_file_changes_and_the_others_keep_their_bytes(home: Home, tmp_path: Path) -> None:
    load(home, write(tmp_path / "d"), _NOW)
    before = stored_files(home)
    files = {"oncall.ics": BLANK["oncall.ics"], "people.csv": _PEOPLE}
    generation, read = amend(home, files, _NOW, seen=1)
    assert (generation.number, [person.id for person in read.people]) == (2, ["P1"])
    assert stored_files(home) == {**before, **files}
    assert stored(home) == read


def test_a_fault_keeps_what_was_there_unless_it_is_tolerated(home: Home, tmp_path: Path) -> None:
    load(home, write(tmp_path / "d"), _NOW)
    bad = {"oncall.ics": BLANK["oncall.ics"], "people.csv": _PEOPLE.replace(b"06 39", b"36 39")}
    with pytest.raises(FolderFaulty):
        amend(home, bad, _NOW, seen=1)
    kept = current(home)
    assert kept is not None and kept.number == 1
    assert amend(home, bad, _NOW, seen=1, tolerated={"contact"})[0].number == 2


def test_who_saw_an_older_generation_writes_nothing(home: Home, tmp_path: Path) -> None:
    load(home, write(tmp_path / "d"), _NOW)
    with pytest.raises(Overtaken):
        amend(home, {"people.csv": _PEOPLE}, _NOW, seen=None)


def test_a_first_establishment_needs_its_entities_only(home: Home) -> None:
    entities = FILES["establishment.toml"].partition("[[gate]]")[0].encode()
    generation, read = amend(home, {"establishment.toml": entities}, _NOW, seen=None)
    assert generation.number == 1
    assert (len(read.services), read.people, read.machines) == (3, (), ())

"""Gates are those of the hospital's folder, each under an address of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from releve.establishment import Gate as Declared
from releve.establishment import load
from releve.incident import GATES, UnknownGate, first_steps, gate_named, gates_of
from releve.incident.gates import from_declared
from releve.incident.hospital import Contact, to_call
from releve.kernel.home import Home
from tests.establishment.sample import FILES, write


def test_a_home_without_folder_has_the_two_usual_gates(home: Home) -> None:
    assert gates_of(home) == GATES
    assert gate_named(home, "zone-propre").words == "zone propre"
    with pytest.raises(UnknownGate) as refused:
        gate_named(home, "autre")
    assert "identite-assainie, zone-propre" in refused.value.remedy


def test_declared_gates_keep_their_names_and_never_share_an_address() -> None:
    names = ("identité assainie", "Zone: propre", "zone propre", "門")
    made = from_declared([Declared(name, "RSSI", (), ()) for name in names])
    assert [gate.words for gate in made] == list(names)
    assert len({gate.slug for gate in made}) == 4
    assert made[0].slug == "identite-assainie"
    assert made[1].asks == "À confirmer par : RSSI."
    assert from_declared([]) == GATES


def test_the_person_on_watch_is_named_with_a_number(home: Home, tmp_path: Path) -> None:
    rota = FILES["oncall.ics"].replace("Astreinte informatique", "Directeur de garde")
    people = FILES["people.csv"].replace("06 39 98 00 01", "0639980001")
    folder = write(tmp_path / "dossier", {**FILES, "oncall.ics": rota, "people.csv": people})
    load(home, folder, datetime(2026, 11, 1, tzinfo=UTC))
    call, act = first_steps()[:2]
    sunday, tuesday = (datetime(2026, 11, day, 1, 0, tzinfo=UTC) for day in (22, 24))
    assert to_call(home, call, sunday) == (Contact("Amadou DIALLO", "+33 6 39 98 00 02"),)
    assert to_call(home, call, tuesday) == (Contact("Élise MARTIN", "06 39 98 00 01"),)
    assert to_call(home, call, datetime(2020, 1, 1, tzinfo=UTC)) == ()
    assert to_call(home, act, sunday) == ()
    assert [gate.words for gate in gates_of(home)] == ["identité assainie"]


def test_a_damaged_folder_does_not_shut_the_page(home: Home, tmp_path: Path) -> None:
    load(home, write(tmp_path / "dossier"), datetime(2026, 11, 1, tzinfo=UTC))
    for manifest in (home.path / "establishment").rglob("*.json"):
        manifest.write_text("{", "utf-8")
    assert gates_of(home) == GATES
    assert to_call(home, first_steps()[0], datetime(2026, 11, 22, tzinfo=UTC)) == ()

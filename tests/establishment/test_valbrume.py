"""examples/valbrume: what the issue counts, that nothing in it is anybody's, that a plan holds."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from releve.drill import scenario
from releve.drill.simulator.plan import draw
from releve.establishment import (
    Establishment,
    MachineKind,
    Priority,
    ServiceKind,
    check_folder,
    load,
    load_folder,
    save,
)
from releve.establishment.graph import Graph, demands
from releve.establishment.recovery import plan
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.kernel.ids import is_test_finess

VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
LOST = ("SRV-BASE", "SRV-FICHIERS", "SRV-IDENTITE")
CLOSED = {"zone propre": "Mme Martin", "identité assainie": "M. Diallo"}


@pytest.fixture(scope="module")
def valbrume() -> Establishment:
    return load_folder(VALBRUME)


def test_it_counts_what_it_promises(valbrume: Establishment) -> None:
    hospital = [s for s in valbrume.services if s.kind is not ServiceKind.NURSING]
    posts = [m for m in valbrume.machines if m.kind is MachineKind.WORKSTATION]
    assert sum(service.beds for service in hospital) == 420
    assert len(valbrume.sites) == 3 and valbrume.group is None
    assert len(valbrume.services) == 12
    assert len(valbrume.applications) == 40
    assert (len(valbrume.machines) - len(posts), len(posts)) == (60, 900)
    assert len(valbrume.people) == 1200
    assert len(valbrume.suppliers) == 25


def test_the_check_finds_nothing_to_say(valbrume: Establishment) -> None:
    assert check_folder(VALBRUME) == ()
    assert all(demand.met for demand in demands(valbrume))


def test_every_machine_that_a_drill_may_play_is_on_the_map(valbrume: Establishment) -> None:
    known = {machine.id: machine.kind for machine in valbrume.machines}
    played = draw(scenario.load("nuit-de-dimanche"), 7, scenario.MAX_FLEET).machines
    assert len(played) >= scenario.MAX_FLEET + 3
    wrong = [
        machine.name
        for machine in played
        if known.get(machine.name)
        is not (MachineKind.WORKSTATION if machine.role == "workstation" else MachineKind.SERVER)
    ]
    assert wrong == []


def test_nothing_in_it_is_anybody_s(valbrume: Establishment) -> None:
    numbers = [entity.finess for entity in valbrume.legal_entities]
    numbers += [site.finess for site in valbrume.sites]
    assert [n for n in numbers if not is_test_finess(n)] == []
    phones = [person.phone for person in valbrume.people if person.phone]
    phones += [supplier.phone for supplier in valbrume.suppliers if supplier.phone]
    assert [phone for phone in phones if not _fictional(phone)] == []
    emails = [person.email for person in valbrume.people if person.email]
    emails += [supplier.email for supplier in valbrume.suppliers if supplier.email]
    assert len(emails) > 1000
    assert [email for email in emails if not email.endswith(".example")] == []
    assert {person.rpps[:2] for person in valbrume.people if person.rpps} == {"99"}
    assert len({person.rpps for person in valbrume.people if person.rpps}) > 100


def _fictional(phone: str) -> bool:
    """In a range that no operator gives. Source: ARCEP, plan de numérotation (décision 2018-0881
    modifiée), numbers for audiovisual works, or an extension of the house.
    """
    digits = re.sub(r"\D", "", phone)
    ranges = ("019900", "026191", "035301", "046571", "053649", "063998")
    return len(digits) <= 6 or digits.startswith(ranges)


def test_saved_it_is_the_same_bytes(home: Home, tmp_path: Path) -> None:
    load(home, VALBRUME, SystemClock().now())
    names = save(home, tmp_path / "rendu")
    before = {path.name: path.read_bytes() for path in VALBRUME.iterdir()}
    assert set(names) == set(before)
    assert {path.name: path.read_bytes() for path in (tmp_path / "rendu").iterdir()} == before


def test_identity_comes_first_and_the_rest_waits_behind_its_gate(valbrume: Establishment) -> None:
    shut = plan(valbrume, LOST, 3, {"zone propre": "Mme Martin"})
    assert shut.order == ("SRV-IDENTITE",)
    held = {each.node: each.gates for each in shut.waiting}
    assert held == dict.fromkeys(("SRV-BASE", "SRV-FICHIERS"), ("identité assainie",))
    gate = next(each for each in shut.gates if each.name == "identité assainie")
    assert (gate.keeper, gate.opens) == ("RSSI", shut.steps[0].end)

    done = plan(valbrume, LOST, 3, CLOSED)
    assert done.waiting == () and done.order[0] == "SRV-IDENTITE"
    first = done.steps[0]
    assert all(step.start >= first.end for step in done.steps[1:])
    assert "rien ne le retient" in first.why
    assert "porte « identité assainie » fermée par M. Diallo" in done.steps[1].why
    assert plan(valbrume, LOST, 3).steps == ()


def test_with_all_servers_lost_every_vital_service_is_back_within_its_dmia(
    valbrume: Establishment,
) -> None:
    servers = [m.id for m in valbrume.machines if m.kind is not MachineKind.WORKSTATION]
    made = plan(valbrume, servers, 12, CLOSED)
    late = [
        service.code
        for service in valbrume.services
        if service.priority is Priority.P0
        and service.rto is not None
        and timedelta(minutes=made.services_back[service.node]) > service.rto
    ]
    assert late == [] and len(made.steps) == 60


def test_a_second_core_switch_is_no_single_point_and_the_directory_is(
    valbrume: Establishment,
) -> None:
    graph = Graph.of(valbrume)
    services = set(valbrume.service_of)
    assert services & graph.dependants("SW-COEUR-1") == services
    assert not services & graph.stopped_by("SW-COEUR-1")
    assert len(services & graph.stopped_by("SRV-IDENTITE")) == 11

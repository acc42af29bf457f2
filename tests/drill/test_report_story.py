"""The night told: chapters, recovery order, map, curves and what is left to decide."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from releve.drill import conclusion, examples
from releve.drill.account import Account, Curve, Scene, Spot
from releve.drill.hospital_map import spots
from releve.drill.report import complete, curves, hospital, inert, tell
from releve.drill.report.drawings import drawings
from releve.drill.scenario import load
from releve.drill.simulator.his import Order, Ward
from releve.drill.simulator.his.story import Story
from releve.drill.verdict import Counted, Judged, Observed
from releve.establishment import Establishment, load_folder
from tests.drill import sample

NIGHT = load("nuit-de-dimanche")
LOST = ("SRV-IDENTITE", "SRV-FICHIERS", "SRV-BASE", "SRV-DPI-01")


@pytest.fixture(scope="module")
def valbrume() -> Establishment:
    return load_folder(examples.folder("valbrume"))


# -- chapters -------------------------------------------------------------------------------------


def test_the_night_is_told_in_the_order_it_happened() -> None:
    told = tell(sample.held()).chapters
    assert [chapter.heading.partition(" · ")[2] for chapter in told] == [
        "L'équipe de nuit travaille",
        "Un poste chiffre ses fichiers",
        "On croit à une panne",
        "La crise s'ouvre",
        "L'ordre de reprise",
        "Tout est perdu, un dossier s'ouvre",
    ]
    lines = [line for chapter in told for line in chapter.lines]
    assert len(lines) == len(sample.held().happenings)
    assert [line.hour for line in lines] == sorted(line.hour for line in lines)
    assert all(2 <= len(re.findall(r"[.] |[.]$", chapter.told)) <= 5 for chapter in told)


def test_an_alarm_before_the_silence_is_not_told_as_a_breakdown() -> None:
    base = sample.held()
    scenes = [one for one in base.account.scenes if one.kind not in ("alarm", "his-killed")]
    scenes += [Scene("alarm", sample.at(28)), Scene("his-killed", sample.at(30))]
    told = tell(replace(base, account=replace(base.account, scenes=tuple(scenes)))).chapters
    whole = " ".join(f"{chapter.heading} {chapter.told}" for chapter in told)
    assert "panne" not in whole and "Le dossier patient se tait" in whole


def test_a_crisis_opened_by_hand_is_told_so() -> None:
    told = tell(complete(sample.missed())).chapters
    opened = next(chapter for chapter in told if "La crise s'ouvre" in chapter.heading)
    assert "sans alarme" in opened.heading
    assert "à la main" in opened.told and "d'elle-même" not in opened.told


# -- recovery -------------------------------------------------------------------------------------


def test_each_step_of_the_recovery_says_when_and_why() -> None:
    gate, first, second = tell(sample.held()).order
    assert gate.when == "confirmée à 01:00:53 par Mme Martin"
    assert first.when == "répond à 01:00:58" and first.why == "rien ne le retient"
    assert second.why == "sa dépendance SRV-ID est revenue" and second.planned.startswith("30")


def test_a_server_that_never_answered_is_not_said_to_be_back() -> None:
    base = sample.held()
    silent = replace(base.account.revivals[1], answered=None)
    account = replace(base.account, revivals=(base.account.revivals[0], silent))
    assert tell(replace(base, account=account)).order[-1].when == "n'est pas revenu"


# -- map ------------------------------------------------------------------------------------------


def test_the_map_of_valbrume_says_what_the_loss_stops(valbrume: Establishment) -> None:
    found = spots(valbrume, LOST, {})
    stopped = {one.id for one in found if one.layer == "service" and one.state == "stopped"}
    assert stopped == {service.node for service in valbrume.services} - {"service:EHPAD"}
    applications = [one for one in found if one.layer == "application"]
    assert sum(one.count for one in applications) == len(valbrume.applications)
    assert [one.id for one in found if one.layer == "machine"] == [*LOST]


def test_with_the_record_system_still_down_its_own_services_wait(valbrume: Establishment) -> None:
    again = dict.fromkeys(LOST[:3], sample.STORY)
    found = {one.id: one for one in spots(valbrume, LOST, again)}
    folder = examples.folder("valbrume")
    written = tomllib.loads((folder / "applications.toml").read_text("utf-8"))["application"]
    record = next(one for one in written if one["id"] == "DPI")
    waiting = {one.id for one in found.values() if one.layer == "service" and not one.back}
    waiting.discard("service:EHPAD")
    assert waiting == {f"service:{code}" for code in record["services"]}
    said = hospital.sentence(tuple(found.values()))
    assert "11 services sur 12" in said and "6 services (300 lits)" in said
    assert "« Dossier patient »" in said


def test_when_all_is_back_nothing_waits_on_the_map(valbrume: Establishment) -> None:
    found = spots(valbrume, LOST, dict.fromkeys(LOST, sample.STORY))
    assert all(one.back for one in found if one.state != "working")
    assert "plus rien sur la carte ne les retient" in hospital.sentence(found)


def test_a_machine_unknown_to_the_folder_draws_no_map(valbrume: Establishment) -> None:
    assert spots(valbrume, ["PC-INCONNU-01"], {}) == ()
    told = tell(replace(sample.held(), account=Account()))
    assert (told.reached, told.map, hospital.draw(())) == ("", (), "")


@pytest.mark.parametrize("account", [sample.account(), sample.hostile_account()])
def test_the_drawn_map_and_its_twin_hold_every_place(account: Account) -> None:
    drawn = ElementTree.fromstring(hospital.draw(account.spots))  # noqa: S314 (our own drawing)
    boxes = [each for each in drawn.iter() if each.get("class") == "box"]
    assert len(boxes) == len(account.spots)
    names = ", ".join(names for _, _, names in hospital.twin(account.spots))
    assert all(inert(one.name, 80) in names for one in account.spots)


def test_states_differ_without_colour() -> None:
    one = Spot("a", "A", "machine", "lost", back=False)
    kinds = [
        one,
        replace(one, back=True, again=sample.STORY),
        replace(one, layer="service", state="stopped"),
        replace(one, layer="service", state="working"),
    ]
    assert len({hospital.state(kind) for kind in kinds}) == len(kinds)
    edges = {re.findall(r'class="box" ([^/]+)/', hospital.draw((kind,)))[0] for kind in kinds}
    assert len(edges) == len(kinds)


# -- curves ---------------------------------------------------------------------------------------


def test_the_figures_of_a_curve_are_those_that_were_measured() -> None:
    messages, files, patients = drawings(sample.held()).plots
    assert _cells(messages)[:4] == [30, 25, 0, 55] and sum(_cells(messages)) == 110
    assert _cells(files)[-1] == 24 and _cells(files) == sorted(_cells(files))
    assert max(_cells(patients)) == 302
    assert "récep" in " ".join(mark.name for mark in messages.marks)


def test_a_long_curve_keeps_a_short_twin() -> None:
    points = tuple((sample.at(n), 1) for n in range(1000))
    account = Account(curves=(Curve("messages", points),))
    (plot,) = drawings(replace(sample.held(), account=account)).plots
    twin = curves.figures(plot)
    assert len(twin.lines) <= 6 and sum(_cells(plot)) == 1000


def test_a_curve_stays_inside_its_drawing() -> None:
    for plot in drawings(sample.held()).plots:
        svg = curves.draw(plot)
        label = ElementTree.fromstring(svg).get("aria-label")  # noqa: S314 (our own drawing)
        assert label == f"{plot.title}. {plot.said}"
        shares = [float(share) for share in re.findall(r'"([\d.]+)%"', svg)]
        assert all(0 <= share <= 100 for share in shares)


def test_an_account_without_series_draws_nothing() -> None:
    assert drawings(replace(sample.held(), account=Account())).plots == ()


def test_silent_seconds_are_counted_as_nothing() -> None:
    hours = [sample.at(seconds) for seconds in (0.1, 0.9, 3.2)]
    assert [count for _, count in conclusion.per_second(hours)] == [2, 0, 0, 1]
    assert conclusion.per_second([]) == ()


def test_patients_over_time_end_at_the_record_systems_own_census() -> None:
    wards = (Ward("MED-A", "MED-A", "990000028", tuple(f"{n}-P" for n in range(101, 141))),)
    order = Order(seed=5, start="2026-11-22T01:00:00+01:00", wards=wards, patients=30)
    sent = []
    for message in Story(order).messages():
        if not message.loading:
            break
        sent.append((message.sender, message.control_id))
    answered = [(sample.at(n / 50), key) for n, key in enumerate(sent)]
    known = conclusion.patients(order, answered)
    assert known[-1][1] == 30
    assert conclusion.patients(order, []) == ()


# -- what is left to decide -----------------------------------------------------------------------


def test_what_to_decide_is_a_fact_then_a_question() -> None:
    asked = conclusion.decisions(_observed(), sample.account(), NIGHT)
    assert len(asked) == 6
    assert all(one.endswith("?") and re.search(r"[.:] ", one) for one in asked)
    whole = " ".join(asked)
    assert "12 fichiers chiffrés" in whole and "302 patients" in whole and "zone propre" in whole
    # files 20 to 24 of the curve fall between the opening (44,2 s) and the cut (52,1 s)
    assert "4 fichiers de plus" in whole


def test_a_night_without_alarm_nor_kit_asks_other_questions() -> None:
    bad = replace(_observed(), alarm_seen=None, files_lost=None, kits=None)
    asked = conclusion.decisions(bad, Account(), NIGHT)
    assert asked[0].startswith("Aucune alarme") and "Aucun kit" in asked[1] and len(asked) == 4


def _observed() -> Observed:
    when = sample.at(43.8)
    return Observed(
        first_byte=when - timedelta(seconds=19), alarm_seen=when, files_lost=12, attempts=14,
        refused=14, restored=None, p0_seconds=12.0, acknowledged_lost=0, messages=1714,
        messages_lost=0, census=Counted(302, 302), kits=Counted(302, 302), first_file_seconds=4.7,
        crisis_seconds=0.4, logged=Counted(46, 46), binder=Judged(Counted(612, 612), Counted(2, 2)),
        order_respected=True, reasons={},
    )  # fmt: skip


def _cells(plot: curves.Plot) -> list[int]:
    lines = curves.figures(plot).lines
    return [int(re.sub(r"\D", "", cell)) for _, cells in lines for cell in cells if cell]

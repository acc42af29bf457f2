"""What is decided without rows: times, coverage, states, scenarios, plans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.drill.field.coverage import Weight, coverage
from releve.drill.field.errors import BadFigure, MissingWords, WrongMoment
from releve.drill.field.exercise import Passage, State, check_passage, played, remaining
from releve.drill.field.marks import Mark, Place, human_times, standing
from releve.drill.field.plan import Plan, WardPlan, checked, read_plan
from releve.drill.field.report import Action, lines_of
from releve.drill.field.rules import rules
from releve.drill.field.scenario import SHIPPED, load, parse, shipped, text_of
from releve.kernel.errors import BadInput

START = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
WARDS = [
    Place(code, code.lower(), cell=code == "CELLULE", unit=f"1/2/{code}")
    for code in ("A", "B", "C", "CELLULE")
]
SITES = [Weight("1/2", "site", 60.0), Weight("1/3", "autre", 40.0)]


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


# --- times --------------------------------------------------------------------------------------


def test_pauses_do_not_count() -> None:
    passages = [
        Passage(State.RUNNING, at(0)), Passage(State.PAUSED, at(10)),
        Passage(State.RUNNING, at(25)), Passage(State.ENDED, at(40)),
    ]  # fmt: skip
    assert [played(passages, at(m)) for m in (-5, 0, 5, 20, 30, 60)] == [
        timedelta(minutes=m) for m in (0, 0, 5, 10, 15, 25)
    ]
    assert remaining(passages, 20, at(60)) == timedelta(minutes=-5)


@given(st.lists(st.integers(0, 300), min_size=2, max_size=12, unique=True), st.integers(0, 400))
def test_play_never_runs_backward_nor_faster_than_the_clock(cuts: list[int], look: int) -> None:
    states = [State.RUNNING if n % 2 == 0 else State.PAUSED for n in range(len(cuts))]
    passages = [Passage(s, at(m)) for s, m in zip(states, sorted(cuts), strict=True)]
    before, after = played(passages, at(look)), played(passages, at(look + 1))
    assert timedelta(0) <= before <= after <= before + timedelta(minutes=1)


def test_a_time_nobody_stamped_is_not_measured_and_the_median_ignores_it() -> None:
    scenario = load("ecrans-noirs")
    marks = [
        Mark("A", "dossier-trouve", at(4)), Mark("B", "dossier-trouve", at(30)),
        Mark("A", "appele", at(2)), Mark("A", "appele", None), Mark("B", "appele", at(3)),
        Mark("B", "appele", at(5)), Mark("CELLULE", "dossier-trouve", at(1)),
    ]  # fmt: skip
    times = human_times(scenario, WARDS, marks, [Passage(State.RUNNING, START)])
    by_gesture = {each.gesture.slug: each for each in times}
    found = by_gesture["dossier-trouve"]
    assert [t.minutes for t in found.places] == [4.0, 30.0, None]
    assert (found.median, found.met) == (17.0, False)
    assert [t.met for t in found.places] == [True, False, None]
    assert [t.minutes for t in by_gesture["appele"].places] == [None, 5.0, None]
    cell = by_gesture["cellule-reunie"]
    assert ([t.place.code for t in cell.places], cell.median, cell.met) == (["CELLULE"], None, None)


@given(st.lists(st.tuples(st.sampled_from("AB"), st.none() | st.integers(0, 90)), max_size=12))
def test_the_last_mark_stands_whatever_came_before(said: list[tuple[str, int | None]]) -> None:
    marks = [Mark(place, "x", None if m is None else at(m)) for place, m in said]
    stands = standing(marks)
    for place in "AB":
        own = [mark for mark in marks if mark.place == place]
        wanted = own[-1] if own and own[-1].at is not None else None
        assert stands.get((place, "x")) == wanted


# --- coverage -----------------------------------------------------------------------------------


def test_a_site_counts_whole_unless_its_services_are_weighed() -> None:
    assert coverage(SITES, {"1/2/A"}, 66).percent == 60.0
    weighed = [*SITES, Weight("1/2/A", "A", 1.0), Weight("1/2/B", "B", 3.0)]
    part = coverage(weighed, {"1/2/A"}, 66)
    assert (part.percent, part.above) == (15.0, False)
    assert (part.covered, part.left) == (("A",), ("B", "autre"))
    whole = coverage(weighed, {"1/2/A", "1/2/B", "1/3/Z"}, 66)
    assert (whole.percent, whole.above, whole.left) == (100.0, True, ())
    assert coverage([], {"1/2/A"}, 66).percent is None


@given(
    st.lists(st.tuples(st.integers(1, 4), st.floats(0, 1e6)), min_size=1, max_size=6),
    st.sets(st.integers(1, 4)),
)
def test_coverage_grows_with_who_takes_part(
    weights: Sequence[tuple[int, float]], taking: set[int]
) -> None:
    sites = [Weight(f"1/{n}", str(n), value) for n, value in weights]
    some = coverage(sites, {f"1/{n}/S" for n in taking}, 66).percent
    everyone = coverage(sites, {f"1/{n}/S" for n in range(1, 5)}, 66).percent
    if some is not None and everyone is not None:
        assert 0 <= some <= everyone == 100.0


def test_the_rule_is_dated_and_leaves_the_word_to_the_ars() -> None:
    assert rules().coverage_percent == 66
    assert "O1.D" in rules().coverage_source
    assert rules().validated_by == "à valider par l'ARS"
    assert rules().yearly == timedelta(days=365)


# --- states -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_what_is_signed_or_interrupted_never_runs_again(state: State) -> None:
    for frozen in (State.SIGNED, State.INTERRUPTED):
        if state is not State.SIGNED or frozen is State.SIGNED:
            with pytest.raises(WrongMoment):
                check_passage(frozen, state)
    if state is not State.SIGNED:
        with pytest.raises(WrongMoment):
            check_passage(state, state)


def test_an_action_is_late_the_day_after_and_no_more_once_closed() -> None:
    due = START.date()
    action = Action(1, 1, "x", "y", due)
    assert [action.late(due + timedelta(days=n)) for n in (0, 1)] == [False, True]
    assert not Action(1, 1, "x", "y", due, START).late(due + timedelta(days=9))
    assert lines_of("  a \n\n b\tc \n") == ("a", "b c")


# --- scenarios and plans ------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_is_playable_and_its_note_can_fool_nobody(name: str) -> None:
    scenario = load(name)
    kinds = [inject.kind for inject in scenario.injects]
    assert {"note", "appel", "rumeur", "personne"} <= set(kinds)
    assert kinds[0] == kinds[-1] == "phrase"
    assert scenario.gestures_of("service") and scenario.gestures_of("cellule")
    for gesture in scenario.gestures:
        assert gesture.status == "recommendation" and gesture.minutes <= scenario.minutes
    for inject in scenario.injects:
        assert not re.search(r"https?:|www\.|@|€|bitcoin|\.onion|\d[\d .]{7,}", inject.text)
        if inject.kind == "note":
            assert "EXERCICE" in inject.text and "FICTIF" in inject.text


def test_there_are_four_and_each_length_is_asked_for() -> None:
    assert sorted(load(name).minutes for name in shipped()) == [45, 60, 90, 240]


def test_a_longer_exercise_stretches_its_minutes_in_order() -> None:
    scenario = load("ecrans-noirs")
    minutes = [scenario.at(inject, 90) for inject in scenario.injects]
    assert minutes[-1] == 90 and all(a <= b for a, b in pairwise(minutes))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes = 45", "minutes = 20", "minutes"),
        ('slug = "appele"', 'slug = "dossier-trouve"', "deux fois"),
        ('slug = "appele"', 'slug = "../x"', "slug"),
        ("minute = 10", "minute = 400", "minute"),
        ('kind = "note"', 'kind = "virement"', "kind"),
        ('title = "Écrans', 'titre = "Écrans', "title"),
        ('status = "recommendation"', "statut = 1", "manque"),
        ("[[inject]]", "[[inject", "TOML"),
    ],
)
def test_a_faulty_scenario_says_what_and_where(old: str, new: str, said: str) -> None:
    text = text_of("ecrans-noirs")
    with pytest.raises(BadInput, match=r"essai\.toml") as caught:
        parse(text.replace(old, new, 1), "essai")
    assert said in str(caught.value)


def test_an_unknown_or_huge_scenario_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="n'est pas fourni") as unknown:
        load("../../secret")
    assert "ecrans-noirs" in unknown.value.remedy
    huge = tmp_path / "gros.toml"
    huge.write_text("x" * 300_000)
    with pytest.raises(BadInput, match="Kio"):
        load(str(huge))
    assert len(list(SHIPPED.glob("*.toml"))) == len(shipped())


def test_a_plan_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(
        'scenario = "ecrans-noirs"\nat = 2026-12-01T08:00:00\nanimator = "Mme Martin"\n'
        'invited = ["Mme Roux"]\n[[ward]]\ncode = "URG"\nobserver = "M. Petit"\n'
        '[[ward]]\ncode = "URG"\n',
        "utf-8",
    )
    plan = read_plan(file)
    assert plan.at == datetime(2026, 12, 1, 7, 0, tzinfo=UTC), "without a zone, the hour of Paris"
    assert (plan.wards, plan.invited) == ((WardPlan("URG", ""),), "Mme Roux")
    file.write_text('scenario = "x"\n', "utf-8")
    with pytest.raises(BadInput, match=r"plan\.toml"):
        read_plan(file)


def test_the_plan_of_the_user_page_is_a_plan(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/exercice.md").read_text("utf-8")
    file = tmp_path / "plan.toml"
    file.write_text(page.partition("```toml\n")[2].partition("```")[0], "utf-8")
    plan = read_plan(file)
    assert plan.scenario in shipped() and plan.wards and plan.cell_observer


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"minutes": 44}, BadFigure), ({"minutes": 241}, BadFigure),
        ({"animator": "  "}, MissingWords), ({"wards": ()}, MissingWords),
        ({"wards": tuple(WardPlan(str(n)) for n in range(61))}, BadFigure),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_played_is_refused(
    change: dict[str, object], error: type[Exception]
) -> None:
    sound: dict[str, object] = {
        "scenario": "ecrans-noirs", "at": START, "minutes": 45, "animator": "x",
        "wards": (WardPlan("URG"),),
    }  # fmt: skip
    scenario = load("ecrans-noirs")
    checked(Plan(**sound), scenario)  # type: ignore[arg-type]
    with pytest.raises(error):
        checked(Plan(**(sound | change)), scenario)  # type: ignore[arg-type]

"""Poisoned before the blackout: what may replace a good kit, what is kept, what is frozen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from releve.care.kit import (
    Published,
    Refused,
    freeze,
    frozen,
    kit_path,
    open_kit,
    publish,
    published_path,
    read_kit,
    read_shelf,
    renew,
    thaw,
    verify_kit,
    wards_with_kits,
    window_of,
)
from releve.care.kit.errors import CodeWrong, NoWindow
from releve.care.kit.facts import facts
from releve.care.kit.rounds import publish_all
from releve.care.kit.shelf import Held, kept_at
from releve.care.kit.signature import KitKey
from releve.care.sheet import State, WardSheet
from releve.kernel.home import Home
from tests.care.kit.conftest import NAMES
from tests.care.kit.wards import NOW, PERIOD, section, ward

LATER = NOW + timedelta(minutes=5)


def _good(home: Home, patients: int = 10) -> Published:
    first = publish(home, ward(patients), NOW, PERIOD, names=NAMES)
    assert isinstance(first, Published)
    return first


def _fresh(sheet: WardSheet) -> WardSheet:
    return replace(sheet, as_of=LATER - timedelta(minutes=1), until=sheet.until + 9)


def _without(sheet: WardSheet, name: str, keep: int = 0, state: State = State.NEVER) -> WardSheet:
    patients = tuple(
        patient
        if i < keep
        else replace(
            patient,
            sections=tuple(section(name, state) if s.name == name else s for s in patient.sections),
        )
        for i, patient in enumerate(sheet.patients)
    )
    return replace(sheet, patients=patients)


def _next(home: Home, sheet: WardSheet) -> Published | Refused:
    return publish(home, _fresh(sheet), LATER, PERIOD, names=NAMES)


def _opens(home: Home) -> int:
    window = window_of(home, "CHIR-B")
    assert window is not None
    assert window.code is not None
    return len(open_kit(published_path(home, "CHIR-B"), window.code).patients)


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (ward(7), "de 10 à 7 patients"),
        (ward(0), "de 10 à 0 patients"),
        (_without(ward(10), "allergies"), "les allergies de 7 patients sur 7"),
        (_without(ward(10), "allergies", state=State.NONE_STATED), "les allergies de 4"),
        (_without(ward(10), "treatments", keep=5), "les traitements de 2 patients sur 5"),
        (_without(ward(10), "results"), "les résultats de 10 patients sur 10"),
    ],
)
def test_a_poisoned_ward_leaves_the_last_good_kit(home: Home, sheet: WardSheet, why: str) -> None:
    first = _good(home)
    refused = _next(home, sheet)
    assert isinstance(refused, Refused)
    assert why in refused.why
    assert refused.last == first.held
    assert _opens(home) == 10
    assert read_shelf(home, "CHIR-B").current == first.held


@pytest.mark.parametrize(
    "sheet", [ward(9), ward(8), ward(12), _without(ward(10), "allergies", keep=9), ward(10)]
)
def test_an_ordinary_night_is_published(home: Home, sheet: WardSheet) -> None:
    _good(home)
    assert isinstance(_next(home, sheet), Published)
    assert _opens(home) == len(sheet.patients)


def test_a_silent_feed_does_not_make_a_kit_look_fresh(home: Home) -> None:
    _good(home)
    quiet = publish(home, ward(10), NOW + timedelta(minutes=20), PERIOD)
    assert isinstance(quiet, Refused)
    assert "muette depuis 23" in quiet.why
    never = publish(home, replace(ward(10), as_of=None), LATER, PERIOD)
    assert isinstance(never, Refused)
    assert "aucun message" in never.why


def test_a_person_may_accept_a_fall_but_not_during_a_freeze(home: Home) -> None:
    _good(home)
    assert isinstance(_next(home, ward(2)), Refused)
    freeze(home, NOW, "crise ouverte")
    held = publish(home, _fresh(ward(2)), LATER, PERIOD, accepted=True)
    assert isinstance(held, Refused)
    assert "figé depuis 01:12 (crise ouverte)" in held.why
    thaw(home, LATER)
    assert isinstance(publish(home, _fresh(ward(2)), LATER, PERIOD, accepted=True), Published)
    assert _opens(home) == 2


def test_the_first_freeze_stands_until_a_thaw(home: Home) -> None:
    first = freeze(home, NOW, "a")
    assert freeze(home, LATER, "b") == first == frozen(home)
    assert (thaw(home, LATER), thaw(home, LATER), frozen(home)) == (True, False, None)


def test_a_ward_that_vanished_from_the_views_is_refused_aloud(home: Home) -> None:
    _good(home)

    class Nobody:
        def wards(self) -> tuple[()]:
            return ()

        def ward(self, code: str, now: object) -> WardSheet:
            return WardSheet(code, (), LATER, 1)

    outcomes = list(publish_all(home, Nobody(), LATER, PERIOD))
    assert [type(outcome) for outcome in outcomes] == [Refused]
    assert wards_with_kits(home) == ("CHIR-B",)


def test_the_code_is_burnt_and_the_last_good_kit_sealed_again(home: Home) -> None:
    _good(home)
    old = window_of(home, "CHIR-B")
    assert old is not None
    assert old.code is not None
    before = published_path(home, "CHIR-B").read_bytes()
    freeze(home, NOW, "crise")
    new = renew(home, "CHIR-B", LATER)
    assert new.code is not None
    assert new.code != old.code
    path = published_path(home, "CHIR-B")
    with pytest.raises(CodeWrong):
        open_kit(path, old.code)
    opened = read_kit(path, new.code)
    assert opened.sheet == ward(10)
    assert (opened.cover.number, opened.cover.built) == ("2-2", read_kit_hour(home))
    verify_kit(path, KitKey(home).fingerprint)
    secrets = [p.read_text("utf-8") for p in home.secrets("care").rglob("*.json")]
    assert not any(old.code in text for text in secrets)
    # What was copied before stays readable with the burnt code: said in docs/kits.md.
    copy = home.path / "copie.html"
    copy.write_bytes(before)
    assert len(open_kit(copy, old.code).patients) == 10
    with pytest.raises(NoWindow):
        renew(home, "INCONNU", LATER)


def read_kit_hour(home: Home) -> str:
    """The hour of the kit that was published first: renewing does not make data younger."""
    first = read_shelf(home, "CHIR-B").kits[0]
    return first.built.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_an_older_generation_of_the_window_opens_too(home: Home) -> None:
    first = _good(home)
    _next(home, ward(11))
    window = window_of(home, "CHIR-B")
    assert window is not None
    assert window.code is not None
    old = kit_path(home, "CHIR-B", first.held.generation)
    assert len(open_kit(old, window.code).patients) == 10


def test_what_is_kept_after_a_day_of_kits_every_five_minutes() -> None:
    kits: tuple[Held, ...] = ()
    for number in range(1, 600):
        built = NOW + number * PERIOD
        kits = kept_at((*kits, Held(number, 1, built, built, number, 10, "")), built)
    now = kits[-1].built
    ages = [now - kit.built for kit in kits]
    assert len(kits) <= 24
    for low, high in ((0, 0), (60, 70), (360, 420), (1440, 1800)):
        assert any(timedelta(minutes=low) <= age <= timedelta(minutes=high) for age in ages), low


def test_dropped_generations_leave_the_disk(home: Home) -> None:
    sheet = ward(2)
    for number in range(12):
        now = NOW + number * timedelta(minutes=1)
        done = publish(home, replace(sheet, as_of=now), now, PERIOD)
        assert isinstance(done, Published)
    kept = {f"{kit.generation:06d}.html" for kit in read_shelf(home, "CHIR-B").kits}
    files = {path.name for path in (home.path / "care/kits/CHIR-B").glob("*.html")}
    assert files == kept
    assert len(kept) <= 4


def test_a_damaged_last_kit_still_guards_the_census(home: Home) -> None:
    first = _good(home)
    kit_path(home, "CHIR-B", first.held.generation).write_bytes(b"abime")
    assert isinstance(_next(home, ward(3)), Refused)
    assert isinstance(_next(home, ward(9)), Published)


def test_the_ledger_learns_of_kits_and_of_the_first_of_many_refusals(home: Home) -> None:
    told = list(facts(_good(home)))
    for _ in range(25):
        told += facts(_next(home, ward(1)))
    assert [(fact.what, fact.number) for fact in told] == [
        ("care.kit.published", 1),
        ("care.kit.refused", 1),
        ("care.kit.refused", 10),
    ]
    published, refused = told[0], told[1]
    assert (published.value, published.unit, published.system) == (10, "patients", "CHIR-B")
    assert published.detail["generation"] == 1
    assert "de 10 à 1 patients" in str(refused.detail["why"])

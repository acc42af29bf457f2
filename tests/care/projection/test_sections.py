"""Allergies, treatments, results, documents: what stands, in whatever order it came."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from releve.care.identity import key_of, person_id
from releve.care.sheet import Section, State
from releve.care.views import Views
from releve.care.words import NO_TREATMENTS, state_words, status_word
from releve.kernel.errors import BadInput
from tests.care.messages import (
    Bed,
    Someone,
    a01,
    a28,
    a31,
    al1,
    mdm,
    message,
    no_allergy,
    oru,
    pid,
    rde,
)
from tests.care.projection.feeds import NOW, START, viewed

ANNA = Someone("1", "DURAND", "Anna")
BEA = Someone("2", "MARTIN", "Béa")
BED = Bed("CHIRB", "1", "B01", "V1")
KEY = key_of(person_id("1.2.250.1.71.4.2.2.990000010", "1"))


def section(views: Views, name: str, later: timedelta = timedelta(0)) -> Section:
    sheet = views.patient(KEY, NOW + later)
    assert sheet is not None
    return sheet.section(name)


def texts(found: Section, label: str) -> list[tuple[str, bool]]:
    return [
        (value.text, row.ended) for row in found.rows for value in row.values if value.name == label
    ]


def every_order(folder: Path, *story: bytes) -> list[Views]:
    orders = itertools.permutations(story)
    return [viewed(folder / str(number), order) for number, order in enumerate(orders)]


# --- the four states ---------------------------------------------------------------------------


def test_the_four_states_are_never_merged(tmp_path: Path) -> None:
    never = section(viewed(tmp_path / "1", [a28(ANNA), a28(BEA, al1("latex"))]), "allergies")
    assert (never.state, never.rows, never.as_of) == (State.NEVER, (), None)
    assert never.heard is not None  # the source does speak of allergies, of others
    none = section(viewed(tmp_path / "2", [a28(ANNA, no_allergy())]), "allergies")
    assert (none.state, none.rows) == (State.NONE_STATED, ())
    views = viewed(tmp_path / "3", [a28(ANNA, al1("latex"))])
    assert section(views, "allergies").state is State.RECEIVED
    silent = section(views, "allergies", timedelta(hours=49))
    assert (silent.state, texts(silent, "substance")) == (State.SILENT, [("latex", False)])
    assert silent.heard == START


def test_a_source_silent_after_none_still_shows_what_it_stated(tmp_path: Path) -> None:
    views = viewed(tmp_path, [a28(ANNA, no_allergy())])
    silent = section(views, "allergies", timedelta(hours=49))
    assert silent.state is State.SILENT
    assert texts(silent, "substance") == [("Aucune allergie connue", False)]


def test_treatments_never_received_send_to_the_paper_sheet(tmp_path: Path) -> None:
    found = section(viewed(tmp_path, [a28(ANNA)]), "treatments")
    assert (
        state_words(found)
        == NO_TREATMENTS
        == ("traitements non reçus : demander la feuille papier")
    )


def test_another_laboratory_alive_does_not_hide_that_ours_is_silent(tmp_path: Path) -> None:
    ours = oru(ANNA, None, "L1", "Sodium", "140", sender="LABO|VALBRUME")
    other = [oru(BEA, None, f"L{n}", "Sodium", "140", sender="BIO|VILLE") for n in range(2, 5)]
    views = viewed(tmp_path, [ours, *other])
    found = section(views, "results", timedelta(hours=2))
    assert (found.state, found.heard) == (State.SILENT, START)


def test_a_hospital_sets_its_own_periods(tmp_path: Path) -> None:
    (tmp_path / "freshness.toml").write_text("[results]\nperiod_minutes = 600\n", "utf-8")
    views = viewed(tmp_path, [oru(ANNA, None, "L1", "Sodium", "140")])
    assert section(views, "results", timedelta(hours=3)).state is State.RECEIVED


# --- allergies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        no_allergy(),
        "AL1|1||^AUCUNE ALLERGIE CONNUE",
        "AL1|1||NKA",
        "AL1|1||^absence d'allergie",
    ],
)
def test_none_is_recognised_and_takes_back_what_came_before(tmp_path: Path, line: str) -> None:
    before = a28(ANNA, al1("latex"), when="202611210100")
    after = a31(ANNA, line, when="202611210200")
    for views in every_order(tmp_path, before, after):
        found = section(views, "allergies")
        assert (found.state, texts(found, "substance")) == (State.NONE_STATED, [("latex", True)])


def test_a_deletion_takes_back_and_affirms_nothing(tmp_path: Path) -> None:
    before = a28(ANNA, al1("latex"), when="202611210100")
    after = a31(ANNA, 'AL1|1||""', when="202611210200")
    for views in every_order(tmp_path, before, after):
        found = section(views, "allergies")
        assert (found.state, texts(found, "substance")) == (State.RECEIVED, [("latex", True)])


def test_a_deletion_of_nothing_leaves_the_section_never_received(tmp_path: Path) -> None:
    for lines in (['AL1|1||""'], [no_allergy(), 'AL1|1||""']):
        told = [a31(ANNA, line, when=f"20261121020{at}") for at, line in enumerate(lines)]
        for views in every_order(tmp_path / str(len(lines)), *told):
            assert section(views, "allergies").state is State.NEVER


def test_an_allergy_told_after_none_stands(tmp_path: Path) -> None:
    none = a28(ANNA, no_allergy(), when="202611210100")
    after = a31(ANNA, al1("latex"), when="202611210200")
    for views in every_order(tmp_path, none, after):
        found = section(views, "allergies")
        assert (found.state, texts(found, "substance")) == (State.RECEIVED, [("latex", False)])


def test_a_message_without_al1_says_nothing_of_allergies(tmp_path: Path) -> None:
    story = [a28(ANNA, al1("latex")), a31(ANNA, when="202611220100"), a01(ANNA, BED, "M1")]
    assert texts(section(viewed(tmp_path, story), "allergies"), "substance") == [("latex", False)]


def test_iam_deletes_by_its_action_only(tmp_path: Path) -> None:
    told = message("ADT^A60", pid(ANNA), "IAM|1|FA|^arachide|SV|oedème|A", when="202611210100")
    deleted = message("ADT^A60", pid(ANNA), "IAM|1|FA|^arachide|||D", when="202611210200")
    for views in every_order(tmp_path, told, deleted):
        found = section(views, "allergies")
        assert texts(found, "substance") == [("arachide", True)]
        assert status_word("allergies", found.rows[0].status) == "retirée"


# --- treatments --------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "word"), [("DC", "arrêté"), ("CA", "annulé")])
def test_a_stop_is_honoured_before_and_after_its_order(
    tmp_path: Path, code: str, word: str
) -> None:
    order = rde(ANNA, BED, "O1", "Héparine", amount="5000", unit="UI", when="202611210100")
    stop = message(
        "RDE^O11", pid(ANNA), f"ORC|{code}|O1^DPI|||||||202611210200", "RXE||^Héparine",
        when="202611210200",
    )  # fmt: skip
    bare = message(
        "OMP^O09", pid(ANNA), f"ORC|{code}|O1^DPI|||||||202611210200", when="202611210200"
    )
    for number, end in enumerate((stop, bare)):
        for views in every_order(tmp_path / str(number), order, end):
            found = section(views, "treatments")
            assert texts(found, "médicament") == [("Héparine", True)]
            assert status_word("treatments", found.rows[0].status) == word


def test_a_hold_is_shown_and_a_release_ends_it(tmp_path: Path) -> None:
    order = rde(ANNA, BED, "O1", "Héparine", when="202611210100")
    hold = rde(ANNA, BED, "O1", "Héparine", control_code="HD", when="202611210200")
    release = rde(ANNA, BED, "O1", "Héparine", control_code="RL", when="202611210300")
    for views in every_order(tmp_path / "1", order, hold):
        (row,) = section(views, "treatments").rows
        assert (status_word("treatments", row.status), row.ended) == ("suspendu", False)
    for views in every_order(tmp_path / "2", order, hold, release):
        (row,) = section(views, "treatments").rows
        assert (status_word("treatments", row.status), row.ended) == ("", False)


def test_a_change_replaces_the_dose_and_its_source(tmp_path: Path) -> None:
    first = rde(ANNA, BED, "O1", "Héparine", amount="5000", when="202611210100")
    change = rde(ANNA, BED, "O1", "Héparine", amount="7500", control_code="XO", when="202611210200")
    for views in every_order(tmp_path, first, change):
        assert texts(section(views, "treatments"), "dose") == [("7500", False)]


def test_an_order_without_a_number_waits_and_the_others_are_shown(tmp_path: Path) -> None:
    raw = message(
        "RDE^O11", pid(ANNA), "ORC|NW", "RXE||^Morphine", "ORC|NW|O2^DPI", "RXE||^Paracétamol"
    )
    views = viewed(tmp_path, [raw])
    assert texts(section(views, "treatments"), "médicament") == [("Paracétamol", False)]
    (waiting,) = views.quarantine()
    assert "ORC-2" in waiting.reason
    sheet = views.patient(KEY, NOW)
    assert sheet is not None and sheet.unread == 1


# --- results -----------------------------------------------------------------------------------


def result(value: str, status: str, when: str) -> bytes:
    return oru(ANNA, None, "L1", "Potassium", value, unit="mmol/L", status=status, when=when)


def test_a_provisional_value_never_replaces_a_settled_one(tmp_path: Path) -> None:
    final, late = result("4.1", "F", "202611210200"), result("6.9", "P", "202611210300")
    for views in every_order(tmp_path, final, late):
        assert texts(section(views, "results"), "valeur") == [("4.1", False)]


def test_a_correction_stands_in_any_order(tmp_path: Path) -> None:
    story = [
        result("6.9", "P", "202611210100"),
        result("6.1", "F", "202611210200"),
        result("4.1", "C", "202611210300"),
    ]
    for views in every_order(tmp_path, *story):
        (row,) = section(views, "results").rows
        assert [v.text for v in row.values if v.name == "valeur"] == ["4.1"]
        assert status_word("results", row.status) == "corrigé"


@pytest.mark.parametrize("status", ["D", "W"])
def test_a_withdrawn_result_is_struck_not_dropped(tmp_path: Path, status: str) -> None:
    final, gone = result("4.1", "F", "202611210200"), result("4.1", status, "202611210200")
    for views in every_order(tmp_path, final, gone):
        assert texts(section(views, "results"), "valeur") == [("4.1", True)]


def test_several_observations_their_comments_and_an_attached_report(tmp_path: Path) -> None:
    raw = message(
        "ORU^R01",
        pid(ANNA),
        "OBR|1||9^LABO|IONO^Ionogramme|||202611210100",
        "OBX|1|NM|NA^Sodium||140|mmol/L|136-145|N|||F",
        "NTE|1||contrôlé",
        "OBX|2|SN|CRP^CRP||>^200|mg/L||HH|||F",
        "OBX|3|CE|GERME^Germe||EC^E. coli~SA^S. aureus||||||F",
        "OBX|4|ED|CR^Compte rendu||LABO^application^pdf^Base64^JVBERi0=||||||F",
        "SPM|1|||SER",
        "OBX|5|NM|VOL^Volume||5|mL",
    )
    views = viewed(tmp_path, [raw])
    found = section(views, "results")
    assert texts(found, "valeur") == [
        ("140", False), (">", False), ("200", False), ("E. coli", False), ("S. aureus", False),
    ]  # fmt: skip
    assert texts(found, "commentaire") == [("contrôlé", False)]
    assert texts(section(views, "documents"), "pièce jointe") == [
        ("application", False), ("pdf", False),
    ]  # fmt: skip


def test_an_observation_without_a_code_waits_and_the_others_are_shown(tmp_path: Path) -> None:
    raw = message(
        "ORU^R01", pid(ANNA), "OBR|1||9^LABO|IONO", "OBX|1|NM|||3", "OBX|2|NM|NA^Sodium||140"
    )
    views = viewed(tmp_path, [raw])
    assert texts(section(views, "results"), "valeur") == [("140", False)]
    assert "OBX-3" in views.quarantine()[0].reason


# --- documents ---------------------------------------------------------------------------------


def test_a_replaced_document_is_struck_and_a_notice_keeps_the_text(tmp_path: Path) -> None:
    first = mdm(ANNA, BED, "D1", "CR opératoire", "première version", when="202611210100")
    notice = message(
        "MDM^T01", pid(ANNA), "TXA|1|^CR opératoire|TX|||||||||D1^DPI|||||AU", when="202611210130"
    )
    second = message(
        "MDM^T10", pid(ANNA), "TXA|1|^CR opératoire|TX|||||||||D2^DPI|D1^DPI||||AU",
        "OBX|1|TX|||seconde version", when="202611210200",
    )  # fmt: skip
    for views in every_order(tmp_path, first, notice, second):
        assert set(texts(section(views, "documents"), "texte")) == {
            ("première version", True), ("seconde version", False),
        }  # fmt: skip


def test_a_cancelled_document_is_struck(tmp_path: Path) -> None:
    first = mdm(ANNA, BED, "D1", "Lettre", "texte", when="202611210100")
    cancel = message("MDM^T11", pid(ANNA), "TXA|1|^Lettre||||||||||D1^DPI", when="202611210200")
    for views in every_order(tmp_path, first, cancel):
        (row,) = section(views, "documents").rows
        assert (row.ended, status_word("documents", row.status)) == (True, "annulé")
        assert ("texte", True) in texts(section(views, "documents"), "texte")


@pytest.mark.parametrize("text", ["[results\n", "[results]\nperiod_minutes = 0\n", "results = 3\n"])
def test_a_period_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "freshness.toml").write_text(text, "utf-8")
    with pytest.raises(BadInput, match=r"freshness\.toml") as refused:
        Views(tmp_path / "views.sqlite3")
    assert "period_minutes" in refused.value.remedy

"""Nothing of what one message says is lost because it says it under one number."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from releve.care.identity import key_of, person_id
from releve.care.projection import Projector, ViewsForeign, difference
from releve.care.projection.facts import Fact, by_content, by_place
from releve.care.sheet import Section
from releve.care.views import Views
from tests.care.messages import Someone, a28, message, pid
from tests.care.projection.feeds import NOW, kept, projected, viewed
from tests.care.projection.test_sections import every_order

ANNA = Someone("1", "DURAND", "Anna")
KEY = key_of(person_id("1.2.250.1.71.4.2.2.990000010", "1"))
DPI, LABO = "DPI|VALBRUME", "LABO|VALBRUME"


def shown(views: Views, name: str, label: str) -> set[tuple[str, bool]]:
    """Text and whether it is struck."""
    sheet = views.patient(KEY, NOW)
    assert sheet is not None
    rows = sheet.section(name).rows
    return {(v.text, row.ended) for row in rows for v in row.values if v.name == label}


def listed(views: Views, name: str) -> Section:
    sheet = views.patient(KEY, NOW)
    assert sheet is not None
    return sheet.section(name)


def iam(*lines: str, hour: int = 1, sender: str = DPI) -> bytes:
    return message("ADT^A60", pid(ANNA), *lines, when=f"2026112102{hour:02d}", sender=sender)


def report(*lines: str, hour: int = 1) -> bytes:
    return message("ORU^R01", pid(ANNA), *lines, when=f"2026112102{hour:02d}", sender=LABO)


# --- allergies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AUTRE^Arachide^L", "AUTRE^Latex^L"),
        ("^^^^^^^^Arachide", "^^^^^^^^Latex"),
        ("AUTRE^Autre^L^^^^^^Arachide", "AUTRE^Autre^L^^^^^^Latex"),
        ("^Arachide", "^Latex"),
    ],
)
def test_two_substances_under_one_code_are_both_shown(tmp_path: Path, one: str, other: str) -> None:
    together = iam(f"AL1|1|FA|{one}", f"AL1|2|DA|{other}")
    apart = iam(f"AL1|1|FA|{one}"), iam(f"AL1|1|DA|{other}", hour=2)
    for views in (viewed(tmp_path / "0", [together]), *every_order(tmp_path, *apart)):
        found = shown(views, "allergies", "substance")
        assert {("Arachide", False), ("Latex", False)} <= found
        assert len(listed(views, "allergies").rows) == 2


def test_the_code_of_a_sender_is_nothing_to_another(tmp_path: Path) -> None:
    ours = iam("IAM|1|DA|12^Pénicilline|||A")
    theirs = iam("IAM|1|DA|12^Latex|||A", hour=2, sender=LABO)
    deleted = iam("IAM|1|DA|12^Pénicilline|||D", hour=3, sender=LABO)
    for views in every_order(tmp_path, ours, theirs, deleted):
        found = shown(views, "allergies", "substance")
        assert {("Pénicilline", False), ("Latex", False)} <= found


def test_an_original_text_that_says_nothing_more_is_not_shown_again(tmp_path: Path) -> None:
    views = viewed(tmp_path, [iam("AL1|1|FA|1^Arachide^L^^^^^^ARACHIDE")])
    assert shown(views, "allergies", "substance") == {("Arachide", False)}


def test_reactions_told_apart_in_one_message_are_both_shown(tmp_path: Path) -> None:
    raw = iam("AL1|1|FA|1^Arachide^L|SV|œdème", "AL1|2|FA|1^Arachide^L|MI|urticaire")
    assert shown(viewed(tmp_path, [raw]), "allergies", "réaction") == {
        ("œdème", False), ("urticaire", False),
    }  # fmt: skip


@pytest.mark.parametrize("line", ["1^Arachide^L", "1^ARACHIDE^L", "1^^L"])
def test_a_deletion_by_the_same_sender_deletes(tmp_path: Path, line: str) -> None:
    told = iam("AL1|1|FA|1^Arachide^L", "IAM|1|FA|1^Arachide^L|||A")
    deleted = iam(f"IAM|1|FA|{line}|||D", hour=2)
    for views in every_order(tmp_path, told, deleted):
        found = listed(views, "allergies").rows
        assert found
        assert all(row.ended for row in found)


def test_a_code_alone_does_not_say_which_of_two_is_deleted(tmp_path: Path) -> None:
    told = iam("AL1|1|FA|AUTRE^Arachide^L", "AL1|2|FA|AUTRE^Latex^L")
    deleted = iam("IAM|1|FA|AUTRE^^L|||D", hour=2)
    for views in every_order(tmp_path, told, deleted):
        found = shown(views, "allergies", "substance")
        assert {("Arachide", False), ("Latex", False)} <= found


def test_an_allergy_deleted_by_its_code_then_told_again_stands(tmp_path: Path) -> None:
    told = iam("AL1|1|FA|1^Arachide^L")
    deleted, again = iam("IAM|1|FA|1^^L|||D", hour=2), iam("IAM|1|FA|1^Arachide^L|||A", hour=3)
    for views in every_order(tmp_path, told, deleted, again):
        assert ("Arachide", False) in shown(views, "allergies", "substance")


def test_told_again_after_its_deletion_in_one_message_it_stands(tmp_path: Path) -> None:
    raw = iam("IAM|1|FA|1^Arachide^L|||D", "IAM|2|FA|1^Arachide^L|||A")
    assert ("Arachide", False) in shown(viewed(tmp_path, [raw]), "allergies", "substance")


# --- treatments --------------------------------------------------------------------------------


def test_two_prescriptions_under_one_number_are_both_shown(tmp_path: Path) -> None:
    lines = ("ORC|NW|P1^DPI", "RXE||^Héparine", "ORC|NW|P1^DPI", "RXE||^Morphine")
    again = ("ORC|NW|P1^DPI", "RXE||^Héparine")
    views = viewed(tmp_path, [message("RDE^O11", pid(ANNA), *lines, *again)])
    assert shown(views, "treatments", "médicament") == {("Héparine", False), ("Morphine", False)}
    assert len(listed(views, "treatments").rows) == 2, "said twice, a prescription is shown once"


def test_the_second_of_a_number_is_stopped_by_the_second_stop(tmp_path: Path) -> None:
    def lines(code: str, when: str) -> bytes:
        drugs = ("Héparine", "Morphine")
        parts = (p for d in drugs for p in (f"ORC|{code}|P1^DPI", f"RXE||^{d}"))
        return message("RDE^O11", pid(ANNA), *parts, when=when)

    told, stopped = lines("NW", "202611210201"), lines("DC", "202611210202")
    for views in every_order(tmp_path, told, stopped):
        assert shown(views, "treatments", "médicament") == {("Héparine", True), ("Morphine", True)}


# --- results and documents ---------------------------------------------------------------------


def antibiogram(values: Sequence[str], status: str, hour: int) -> bytes:
    lines = (f"OBX|{n}|ST|ATB^Antibiogramme||{v}||||||{status}" for n, v in enumerate(values, 1))
    return report("OBR|1||9^LABO|ECBU^ECBU", *lines, hour=hour)


def test_observations_of_one_code_are_all_shown(tmp_path: Path) -> None:
    values = ["SENSIBLE gentamicine", "RESISTANT amoxicilline", "SENSIBLE gentamicine"]
    rows = listed(viewed(tmp_path, [antibiogram(values, "F", 1)]), "results").rows
    assert [v.text for row in rows for v in row.values if v.name == "valeur"] == values


def test_each_observation_of_one_code_is_corrected_at_its_place(tmp_path: Path) -> None:
    story = [
        antibiogram(["a", "b", "c"], "P", 1),
        antibiogram(["A", "A", "C"], "F", 2),
        antibiogram(["A", "B", "C"], "C", 3),
    ]
    for views in every_order(tmp_path, *story[:2]):
        assert shown(views, "results", "valeur") == {("A", False), ("C", False)}
    for views in every_order(tmp_path / "corrected", *story):
        assert shown(views, "results", "valeur") == {("A", False), ("B", False), ("C", False)}


def test_two_orders_under_one_filler_number_are_both_shown(tmp_path: Path) -> None:
    raw = report(
        "OBR|1||9^LABO|K^Kaliémie|||202611210100", "OBX|1|NM|K^Potassium||3.9|||N|||F",
        "OBR|2||9^LABO|K^Kaliémie|||202611210500", "OBX|1|NM|K^Potassium||6.8|||HH|||F",
    )  # fmt: skip
    found = viewed(tmp_path, [raw])
    assert shown(found, "results", "valeur") == {("3.9", False), ("6.8", False)}
    assert shown(found, "results", "indicateur") == {("N", False), ("HH", False)}


def test_files_attached_under_one_code_are_all_shown(tmp_path: Path) -> None:
    raw = report(
        "OBR|1||9^LABO|ECBU",
        "OBX|1|ED|CR^Compte rendu||LABO^application^pdf^Base64^JVBERi0=||||||F",
        "OBX|2|ED|CR^Compte rendu||LABO^image^png^Base64^iVBORw0=||||||F",
    )
    assert {text for text, _ in shown(viewed(tmp_path, [raw]), "documents", "pièce jointe")} == {
        "application", "pdf", "image", "png",
    }  # fmt: skip


def test_no_two_lines_of_a_message_bear_one_name() -> None:
    def fact(ident: str, text: str) -> Fact:
        return Fact("results", ident, 0, None, [("valeur", text, "OBX-5")], 0, "", False)

    for told in (by_place, by_content):
        facts = [fact("K#2", "a"), fact("K", "b"), fact("K", "c"), fact("K#2", "d"), fact("K", "e")]
        assert len({each.ident for each in told(facts)}) == len(facts)


def test_repeated_lines_give_the_same_views_in_whatever_batches(tmp_path: Path) -> None:
    story = [
        a28(ANNA, "AL1|1|FA|AUTRE^Arachide^L", "AL1|2|FA|AUTRE^Latex^L"),
        iam("IAM|1|FA|AUTRE^Latex^L|||D", hour=2),
        *(antibiogram(values, "F", n) for n, values in enumerate((["a", "b"], ["b", "a"]), 1)),
    ]
    one, many = tmp_path / "one.sqlite3", tmp_path / "many.sqlite3"
    projected(one, kept(story), batch=1)
    projected(many, kept(story), batch=100)
    assert difference(one, many) is None


# --- a base that cannot be opened now ----------------------------------------------------------


def test_a_passing_fault_is_not_a_foreign_base(tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite3"
    projected(path, kept([a28(ANNA)]))
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
    path.with_name("views.sqlite3-journal").mkdir()  # as on a disk that takes no more files
    with pytest.raises(sqlite3.OperationalError):
        Projector(path)
    path.with_name("views.sqlite3-journal").rmdir()
    with closing(Projector(path)) as projector:
        assert projector.cursor == 1


@pytest.mark.parametrize(("place", "octet"), [(0, 0), (47, 5), (100, 255)])
def test_a_base_whose_octets_changed_is_foreign(tmp_path: Path, place: int, octet: int) -> None:
    path = tmp_path / "views.sqlite3"
    projected(path, kept([a28(ANNA)]))
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes([octet]))
    with pytest.raises(ViewsForeign):
        Projector(path)

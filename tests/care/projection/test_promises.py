"""Effect once, byte-identical rebuild, quarantine, and nothing left of a destroyed month."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.care import Gone, Kept
from releve.care.identity import key_of, person_id
from releve.care.projection import (
    Projector,
    ViewsForeign,
    ViewsGap,
    ViewsMissing,
    difference,
    dump,
    install,
    octets_digest,
)
from releve.care.views import Views
from tests.care.messages import (
    IPP_FROM,
    Bed,
    Someone,
    a01,
    a02,
    a03,
    a28,
    a31,
    a37,
    a40,
    al1,
    mdm,
    message,
    no_allergy,
    oru,
    pid,
    rde,
)
from tests.care.projection.feeds import NOW, START, kept, projected, viewed

ANNA = Someone("1", "DURAND", "Anna")
BED = Bed("CHIRB", "1", "B01", "V1")


def ward_day(seed: int, count: int) -> list[bytes]:
    """A messy little feed: everything that has a view, repeated, merged, wrong."""
    draw = random.Random(seed)
    messages: list[bytes] = []
    for number in range(count):
        who = Someone(str(draw.randrange(9)), draw.choice(["DURAND", "MARTIN", "Œuvré"]), "Anna")
        where = Bed(draw.choice(["A", "B"]), "1", f"B{draw.randrange(9)}", f"V{draw.randrange(9)}")
        when = f"20261121{draw.randrange(24):02d}{draw.randrange(60):02d}"
        messages.append(
            draw.choice(
                [
                    a28(who, al1("latex"), when=when),
                    a31(who, no_allergy(), when=when),
                    a01(who, where, f"M{draw.randrange(20)}", at=when),
                    a02(who, where, f"M{draw.randrange(20)}", at=when),
                    a03(who, where, f"M{draw.randrange(20)}", at=when),
                    a40(who, str(draw.randrange(9)), when=when),
                    a37(who, Someone(str(draw.randrange(9)), "MARTIN"), when=when),
                    oru(who, where, f"L{draw.randrange(9)}", "Sodium", str(number), when=when),
                    rde(who, where, f"O{draw.randrange(9)}", "Héparine", when=when),
                    mdm(who, where, f"D{draw.randrange(9)}", "CR", "texte", when=when),
                    message("SIU^S12", "SCH|1", when=when),
                    message("ADT^A01", "PID|1||", when=when),
                    b"pas du HL7",
                ]
            )
        )
    return messages + messages[: count // 4]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_views_are_the_same_to_the_byte_in_whatever_batches(seed: int, sizes: list[int]) -> None:
    records = kept(ward_day(seed, 60))
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = Path(folder) / "whole.sqlite3", Path(folder) / "cut.sqlite3"
        projected(whole, records, batch=1000)
        start = turn = 0
        while start < len(records):  # reopened between batches, with some records given again
            size = sizes[turn % len(sizes)]
            again = max(0, start - 3)
            with closing(Projector(cut)) as projector:
                projector.take(records[again : start + size])
                assert projector.cursor == min(start + size, len(records))
            start, turn = start + size, turn + 1
        assert list(dump(whole)) == list(dump(cut))
        assert difference(whole, cut) is None


def test_a_difference_is_named(tmp_path: Path) -> None:
    one, other = tmp_path / "1.sqlite3", tmp_path / "2.sqlite3"
    projected(one, kept([a28(ANNA)]))
    projected(other, kept([a28(Someone("1", "DURAND", "Ana"))]))
    assert difference(one, other) is not None


def test_the_same_octets_again_have_no_effect_and_others_are_flagged(tmp_path: Path) -> None:
    first = oru(ANNA, None, "L1", "Sodium", "140", control="42")
    other = oru(ANNA, None, "L2", "Potassium", "4.1", control="42")
    foreign = oru(ANNA, None, "L3", "CRP", "9", control="42", sender="BIO|VILLE")
    path = tmp_path / "views.sqlite3"
    taken = projected(path, kept([first, first, other, first, foreign]), batch=2)
    assert (taken.projected, taken.duplicates, taken.reused) == (3, 2, 1)
    feed = Views(path).feed(NOW)
    assert (feed.duplicates, feed.reused, feed.until) == (2, 1, 5)


def test_a_failed_batch_leaves_the_views_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite3"
    records = kept([a28(ANNA), a01(ANNA, BED, "M1")])
    with closing(Projector(path)) as projector:
        projector.take(records[:1])
        before = list(dump(path))
        with closing(sqlite3.connect(path)) as saboteur:
            saboteur.execute(
                "CREATE TRIGGER no BEFORE INSERT ON stay BEGIN SELECT raise(FAIL, 'no'); END"
            )
        with pytest.raises(sqlite3.DatabaseError):
            projector.take(records[1:])
        assert (projector.cursor, list(dump(path))) == (1, before)
        with closing(sqlite3.connect(path)) as saboteur:
            saboteur.execute("DROP TRIGGER no")
        projector.take(records[1:])
        assert projector.cursor == 2
    assert [row.ipp for row in Views(path).census("CHIRB", NOW)] == ["1"]


def test_a_missing_record_is_refused(tmp_path: Path) -> None:
    with (
        closing(Projector(tmp_path / "views.sqlite3")) as projector,
        pytest.raises(ViewsGap, match="message 0"),
    ):
        projector.take(kept([a28(ANNA)], start=3))


@pytest.mark.parametrize("content", [b"bonjour" * 400, b""])
def test_another_file_is_refused_and_none_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "views.sqlite3"
    with pytest.raises(ViewsMissing):
        Views(path).wards()
    path.write_bytes(content)
    with pytest.raises(ViewsForeign if content else ViewsMissing):
        Views(path).wards()
    if content:
        with pytest.raises(ViewsForeign):
            Projector(path)


def test_a_base_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite3"
    projected(path, kept([a28(ANNA)]))
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(ViewsForeign, match="format 99"):
        Projector(path)
    with pytest.raises(ViewsForeign, match="format 99"):
        Views(path).wards()


# --- quarantine and what has no view -------------------------------------------------------------


def test_what_cannot_be_read_waits_on_the_page_of_whom_it_names(tmp_path: Path) -> None:
    torn = f"MSX|^~\\&|LABO\rPID|1||9~1^^^{IPP_FROM}^PI\rOBX|1|NM|K||6.9\r".encode()
    views = viewed(tmp_path, [a28(ANNA), torn, b"\x00\xff"])
    key = key_of(person_id("1.2.250.1.71.4.2.2.990000010", "1"))
    sheet = views.patient(key, NOW)
    assert sheet is not None and sheet.unread == 1
    last, first = views.quarantine()
    assert (last.source, last.patient) == (2, None)
    assert (first.source, first.patient) == (1, key)
    assert "MSH" in first.reason


@pytest.mark.parametrize(
    ("kind", "parts", "reason"),
    [
        ("ADT^A01", ("PID|1||^^^X^PI",), "PID-3"),
        ("ADT^A01", (f"PID|1||1^^^{IPP_FROM}^PI", "PV1|1|I", "ZBE||202611210100"), "ZBE-1"),
        ("ADT^A02", (f"PID|1||1^^^{IPP_FROM}^PI", "PV1|1|I|A", "ZBE|M1|demain||INSERT"), "ZBE-2"),
        ("ADT^A01", (f"PID|1||1^^^{IPP_FROM}^PI", "PV1|1|I", "ZBE|M1|2026||INSERT"), "PV1-3"),
        ("ORU^R01", (f"PID|1||1^^^{IPP_FROM}^PI", "OBR|1||L1"), "OBX"),
        ("ORU^R01", ("OBR|1||L1", "OBX|1|NM|K||4"), "PID-3"),
        ("MDM^T02", (f"PID|1||1^^^{IPP_FROM}^PI", "TXA|1"), "TXA-12"),
        ("RDE^O11", (f"PID|1||1^^^{IPP_FROM}^PI", "ORC|NW|O1"), "RXE"),
    ],
)
def test_what_a_view_lacks_is_said(
    tmp_path: Path, kind: str, parts: tuple[str, ...], reason: str
) -> None:
    (waiting,) = viewed(tmp_path, [message(kind, *parts)]).quarantine()
    assert reason in waiting.reason


def _sodium(who: Someone, *, readable: bool) -> bytes:
    """A result under MSH-10 « 77 »; without OBX it waits."""
    raw = oru(who, None, "L7", "Sodium", "139", control="77")
    return raw if readable else raw.replace(b"OBX|", b"ZBX|")


@pytest.mark.parametrize("batch", [1, 100])
def test_sent_again_readably_a_message_no_longer_waits(tmp_path: Path, batch: int) -> None:
    bad, good = _sodium(ANNA, readable=False), _sodium(ANNA, readable=True)
    key = key_of(person_id("1.2.250.1.71.4.2.2.990000010", ANNA.ipp))
    before = viewed(tmp_path / "bad", [a28(ANNA), bad, bad], batch)
    (waiting,) = before.quarantine()
    assert waiting.control == "77"
    assert before.waiting([octets_digest(bad), octets_digest(good)]) == {
        octets_digest(bad): waiting
    }
    views = viewed(tmp_path / "good", [a28(ANNA), bad, good], batch)
    sheet = views.patient(key, NOW)
    assert sheet is not None and sheet.unread == 0
    assert (views.quarantine(), views.feed(NOW).quarantined) == ((), 0)
    assert views.waiting([octets_digest(bad)]) == {}
    late = viewed(tmp_path / "late", [a28(ANNA), good, bad], batch)
    assert len(late.quarantine()) == 1, "what comes broken after is another message"


def test_a_number_used_again_for_something_else_settles_nothing(tmp_path: Path) -> None:
    bad = _sodium(ANNA, readable=False)
    other_patient = _sodium(Someone("2", "PETIT"), readable=True)
    other_kind = message("ADT^A28^ADT_A05", "EVN||20261121", pid(ANNA), sender="LABO|VALBRUME",
                         control="77")  # fmt: skip
    other_sender = _sodium(ANNA, readable=True).replace(b"LABO|VAL", b"LABX|VAL", 1)
    for n, other in enumerate((other_patient, other_kind, other_sender)):
        assert len(viewed(tmp_path / f"{n}", [a28(ANNA), bad, other]).quarantine()) == 1, other


def test_a_message_torn_in_its_head_is_settled_under_the_number_it_says(tmp_path: Path) -> None:
    good = _sodium(ANNA, readable=True)
    torn = good + b"MSH|^~&|\r"
    path = tmp_path / "views.sqlite3"
    sender = "LABO|VALBRUME"
    records = [Kept(n, START, sender, raw) for n, raw in enumerate((a28(ANNA), torn, good))]
    projected(path, records[:2])
    (waiting,) = Views(path).quarantine()
    assert waiting.control == "77"
    projected(path, records[2:])
    assert Views(path).quarantine() == ()


def test_a_kind_without_a_view_is_counted_and_waits_nowhere(tmp_path: Path) -> None:
    messages = [message("SIU^S12", "SCH|1", control=str(n)) for n in range(3)]
    messages.append(message("ORM^O01", "PID|1||1", "ORC|NW|1", "OBR|1"))
    messages.append(message("ADT^A01", "PID|1||1", version="3.0"))
    feed = viewed(tmp_path, messages).feed(NOW)
    assert {(u.kind, u.count) for u in feed.unprojected} == {
        ("SIU^S12", 3), ("ORM^O01", 1), ("ADT^A01", 1),
    }  # fmt: skip
    assert feed.quarantined == 0


# --- erasing --------------------------------------------------------------------------------------


def test_nothing_is_left_of_a_destroyed_month(tmp_path: Path) -> None:
    marker = Someone("77777", "MARQUEUR", "Zénobie", ins="")
    others = [a28(Someone(str(n), f"NOM{n}", "Anna"), al1("latex")) for n in range(200)]
    records = kept([*others, a28(marker, al1("latex")), a01(marker, BED, "M77")])
    live, aside = tmp_path / "views.sqlite3", tmp_path / "aside.sqlite3"
    projected(live, records)
    assert b"MARQUEUR" in live.read_bytes()
    without: list[Kept | Gone] = [*records[:200], *(Gone(n, "2026-11") for n in (200, 201))]
    projected(aside, without)
    reader = Views(live)
    assert reader.find("marqueur")
    install(aside, live)
    assert reader.find("marqueur") == ()
    assert reader.feed(NOW).gone == (("2026-11", 2),)
    assert difference(aside, live) is None
    left = [path for path in tmp_path.iterdir() if b"MARQUEUR" in path.read_bytes()]
    assert left == []


def test_a_name_taken_back_is_wiped_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite3"
    wrong = a28(Someone("1", "MARQUEUR", "Zénobie"), when="202611210100")
    right = a31(ANNA, when="202611210200")
    with closing(Projector(path)) as projector:
        projector.take(kept([wrong]))
        projector.checkpoint()
        assert b"MARQUEUR" in path.read_bytes()
        projector.take(kept([right], start=1))
    assert b"MARQUEUR" not in path.read_bytes()
    assert not list(tmp_path.glob("*-wal"))


def test_a_reader_works_while_the_projector_writes(tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite3"
    with closing(Projector(path)) as projector:
        projector.take(kept([a28(ANNA)]))
        views = Views(path)
        assert views.wards() == ()
        projector.take(kept([a01(ANNA, BED, "M1")], start=1))
        assert [line.code for line in views.wards()] == ["CHIRB"]
        views.close()

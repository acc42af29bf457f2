"""What is kept of a message to be read later says what the whole message said, to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.care.hl7 import parse
from releve.care.projection.excerpt import excerpt
from releve.care.projection.facts import Said
from releve.care.projection.people import first_identified
from releve.care.projection.results import observations, read_results
from tests.care.messages import Someone, a28, message, pid
from tests.care.projection.feeds import NOW, viewed

NAMES = frozenset({b"OBR", b"OBX", b"NTE", b"SPM"})
RECEIVED = 1_795_402_807_246_400
_CODES = st.sampled_from(["K", "K^Potassium^LN", "^Sodium", "", "é^Œdème", "A~B", '""', "\\X41\\"])
_VALUES = st.sampled_from(
    ["4", "4.1", "", "a^b", "a~b", "x\\T\\y", "\\XE9\\", "œ", '""', "&", "\n"]
)
_TYPES = st.sampled_from(["NM", "ST", "CE", "SN", "ED", "TX", "", "ZZ"])
_OBX = st.builds("OBX|1|{}|{}||{}|mmol/L|3-5||||F".format, _TYPES, _CODES, _VALUES)
_OBR = st.builds("OBR|1|{0}|{1}|IONO^{2}|||{3}".format, *[_CODES] * 3, st.just("20261121020000"))
_OTHER = st.sampled_from(["NTE|1||note é", "SPM|1", "ZZZ|1|œ", "OBXX|1", "TQ1|1", "", "NTE"])
_LINES = st.lists(st.one_of(_OBR, _OBX, _OBX, _OBX, _OTHER), max_size=9)
_DECLARED = st.sampled_from(["", "UNICODE UTF-8", "8859/1", "ASCII", "8859/15", "GB 18030-2000"])
_WRITTEN = st.sampled_from(["utf-8", "iso8859-1", "cp1252", "gb18030"])
_ENDS = st.sampled_from(["\r", "\n", "\r\n"])


@settings(max_examples=300, deadline=None)
@given(_LINES, _DECLARED, _WRITTEN, _ENDS, st.sampled_from(["|^~\\&", "|^~\\&#", "#^~\\&"]))
def test_results_read_later_are_those_of_the_whole_message(
    lines: list[str], declared: str, written: str, end: str, signs: str
) -> None:
    header = f"MSH|^~\\&|LABO|V|||20261121020000||ORU^R01|1|P|2.5||||||{declared}"
    text = end.join([header, "PID|1||1^^^X^PI||Noé\\X41\\", *lines]).replace("|^~\\&", signs, 1)
    raw = text.replace("|", signs[0]).encode(written, "replace") + end.encode()
    message = parse(raw)
    reading = read_results(Said(message, "R01", 0, message.sender))
    whole = observations(raw, RECEIVED)
    later = observations(reading.kept, RECEIVED) if reading.kept else []
    assert later == whole
    assert reading.problems or reading.facts or later, "rien n'est passé sous silence"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_OBR, _OBX, _OTHER.filter(bool)), max_size=7))
def test_a_report_looked_at_quickly_hides_nothing_amiss_and_no_document(lines: list[str]) -> None:
    header = "MSH|^~\\&|LABO|V|||20261121020000||ORU^R01|1|P|2.5||||||UNICODE UTF-8"
    lines = [line.replace("\n", "") for line in (header, "OBR|1|L1", "OBX|1|NM|K||4", *lines)]
    # Line feeds as ends are never looked at quickly.
    quick, slow = (
        read_results(Said(parse(end.join(lines).encode()), "R01", 0, "LABO|V")) for end in "\r\n"
    )
    assert (quick.facts, quick.problems) == (slow.facts, slow.problems)
    assert bool(quick.kept) == bool(slow.kept)


@settings(max_examples=200, deadline=None)
@given(_LINES, _DECLARED, _WRITTEN)
def test_an_excerpt_holds_no_other_segment_unless_it_must(
    lines: list[str], declared: str, written: str
) -> None:
    header = f"MSH|^~\\&|LABO|V|||20261121020000||ORU^R01|1|P|2.5||||||{declared}"
    raw = "\r".join([header, "PID|1||1^^^X^PI||Noé", *lines]).encode(written, "replace")
    message = parse(raw)
    kept = parse(excerpt(message, NAMES))
    assert kept.charset == message.charset
    for name in ("OBR", "OBX", "NTE", "SPM"):
        ours, theirs = kept.segments(name), message.segments(name)
        assert [each.raw for each in ours] == [each.raw for each in theirs]
    assert kept.raw == raw or not kept.segments("PID")


@pytest.mark.parametrize("end", ["\r", "\n", ""])
def test_a_pid_read_once_is_each_time_what_its_own_message_says(end: str) -> None:
    def identified(charset: str, line: str, codec: str = "utf-8") -> object:
        header = f"MSH|^~\\&|A|B|||2026||ADT^A28|1|P|2.5||||||{charset}"
        found = first_identified(parse(f"{header}\r{line}{end}".encode(codec)))
        assert found is not None and found.traits is not None
        return found.traits.name

    line = "PID|1||1^^^X^PI||É\\XE9\\^Z"
    for _ in range(2):
        assert identified("8859/1", line, "iso8859-1") == "Éé"
        assert identified("UNICODE UTF-8", line) == "É\\XE9\\"
        assert identified("8859/1", "PID|1||1^^^X^PI||É^Z", "iso8859-1") == "É"
        assert identified("UNICODE UTF-8", "PID|1||1^^^X^PI||É^Z") == "É"
        assert identified("8859/1", "PID|1||1^^^X^PI||É", "utf-8") == "Ã\x89".encode(
            "iso8859-1"
        ).decode("cp1252")


def test_a_name_longer_than_three_letters_does_not_stop_the_feed(tmp_path: Path) -> None:
    who = Someone("1", "DURAND")
    odd = message("ORU^R01", pid(who), "OBR|1||L1", "OBXX|1", "OBX|1|NM|K||4", "OBX")
    views = viewed(tmp_path, [a28(who), odd])
    (found,) = views.find("durand")
    sheet = views.patient(found.key, NOW)
    assert sheet is not None
    values = [value.text for row in sheet.section("results").rows for value in row.values]
    assert values == ["K", "4"]

"""Every clinical text shown is, to the letter, a field of the message it says it comes from; and
messages written by others are projected, counted or set aside, never a failure.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.care.hl7 import parse
from releve.care.projection import locate
from releve.care.sheet import PatientSheet
from releve.care.views import Views
from tests.care.messages import Bed, Someone, a28, al1, escaped, mdm, message, oru, pid, rde
from tests.care.projection.feeds import NOW, kept, projected, shared_data

BED = Bed("CHIRB", "1", "B01", "V1")
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12
)


def sheets(path: Path, messages: Sequence[bytes]) -> list[PatientSheet]:
    views = Views(path)
    found = {one.key for raw in messages for one in views.find(parse(raw).text("PID", 3))}
    files = [views.patient(key, NOW) for key in sorted(found)]
    views.close()
    return [sheet for sheet in files if sheet is not None]


def check_values(path: Path, messages: Sequence[bytes]) -> int:
    """Read every value again where it says it stands; returns how many there were."""
    values = [
        value
        for sheet in sheets(path, messages)
        for section in sheet.sections
        for row in section.rows
        for value in row.values
    ]
    for value in values:
        assert value.text == locate(parse(messages[value.source]), value.field), value
    return len(values)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=6, max_size=6), st.integers(0, 2))
def test_hostile_and_accented_texts_come_out_as_they_went_in(words: list[str], mode: int) -> None:
    who = Someone("1", "DURAND")
    one, two, three, four, five, six = words
    more = ["NTE|1||" + escaped(four), f"OBX|2|CE|X^{escaped(five)}||A~B^{escaped(six)}"]
    messages = [
        a28(who, al1(one, reaction=two)),
        rde(who, BED, "O1", three, amount=four, unit=five),
        mdm(who, BED, "D1", five, six),
        oru(who, BED, "L1", "Sodium", one, unit=two),
        message(
            "ORU^R01", pid(who), "OBR|1||9^L|P^" + escaped(one),
            f"OBX|1|ST|Y^{escaped(two)}|{escaped(three)}|{escaped(four)}&^|{escaped(five)}",
            *more[:mode],
        ),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "views.sqlite3"
        projected(path, kept(messages))
        assert check_values(path, messages) >= 8


def others() -> list[Path]:
    folder = shared_data()
    return sorted((folder / "hl7v2").glob("*.hl7")) if folder else []


@pytest.mark.skipif(not others(), reason="messages écrits par d'autres absents (shared/data)")
def test_messages_written_by_others_are_projected_counted_or_set_aside(tmp_path: Path) -> None:
    messages = [path.read_bytes() for path in others()]
    path = tmp_path / "views.sqlite3"
    taken = projected(path, kept(messages), batch=7)
    waiting = {index for index, _ in taken.quarantined}
    assert taken.projected + taken.unprojected + len(waiting) >= len(messages)
    assert taken.projected >= 25
    assert check_values(path, messages) >= 40
    feed = Views(path).feed(NOW)
    assert feed.until == len(messages)
    assert {"SIU^S12", "DFT^P03", "VXU^V04"} <= {one.kind for one in feed.unprojected}

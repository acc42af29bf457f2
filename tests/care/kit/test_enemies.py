"""One ward's damage stays that ward's: colliding names, unreadable shelves, stopped renewals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from releve.care.kit import (
    Failed,
    Published,
    Refused,
    freeze,
    publish,
    publish_all,
    published_path,
    read_shelf,
    renew,
    thaw,
    thawed,
    wards_with_kits,
    window_of,
)
from releve.care.kit.errors import ShelfUnreadable
from releve.care.kit.facts import facts
from releve.care.kit.facts import thawed as thawed_fact
from releve.care.kit.windows import folder_name, open_next
from releve.care.sheet import WardSheet
from releve.kernel.home import Home
from tests.care.kit.wards import NOW, PERIOD, ward

LATER = NOW + timedelta(minutes=5)


@dataclass(frozen=True)
class Line:
    """A ward as the views list it."""

    code: str


class Hospital:
    """Two patients in each ward named."""

    def __init__(self, *codes: str) -> None:
        self.codes = codes

    def wards(self) -> Sequence[Line]:
        """Those named."""
        return [Line(code) for code in self.codes]

    def ward(self, code: str, now: datetime) -> WardSheet:
        """Two patients, heard a moment ago; nobody elsewhere."""
        return replace(ward(2 if code in self.codes else 0, code), as_of=now)


def _shelf(home: Home, code: str) -> Path:
    return home.path / "care/kits" / folder_name(code) / "shelf.json"


def test_a_ward_that_bears_a_digest_as_its_name_has_its_own_folder(home: Home) -> None:
    digest = folder_name("CHIR/B")
    for twin in (digest, digest.upper()):
        assert folder_name(twin) not in (digest, twin)
    first = publish(home, ward(10, "CHIR/B"), NOW, PERIOD)
    forged = publish(home, ward(2, digest), NOW, PERIOD)
    assert isinstance(first, Published) and isinstance(forged, Published)
    assert read_shelf(home, "CHIR/B").current == first.held
    assert wards_with_kits(home) == ("CHIR/B", digest)


def test_a_shelf_moved_to_another_ward_is_refused(home: Home) -> None:
    publish(home, ward(2, "CHIR-A"), NOW, PERIOD)
    _shelf(home, "CHIR-A").parent.rename(_shelf(home, "CHIR-B").parent)
    with pytest.raises(ShelfUnreadable, match="un autre service"):
        publish(home, ward(2, "CHIR-B"), NOW, PERIOD)


@pytest.mark.parametrize("code", ["CHIR-B", "CHIR/B"])
@pytest.mark.parametrize("listed", [True, False])
def test_a_ward_that_cannot_be_made_does_not_stop_the_next(
    home: Home, code: str, listed: bool
) -> None:
    others = ("A", "Z")
    assert len(list(publish_all(home, Hospital(*others, code), NOW, PERIOD))) == 3
    _shelf(home, code).write_text("{", "ascii")
    hospital = Hospital(*others, code) if listed else Hospital(*others)
    outcomes = list(publish_all(home, hospital, LATER, PERIOD))
    assert [each.ward for each in outcomes if isinstance(each, Published)] == ["A", "Z"]
    (failed,) = (each for each in outcomes if isinstance(each, Failed))
    assert isinstance(failed.error, ShelfUnreadable)
    (fact,) = facts(failed)
    assert (fact.what, fact.system) == ("care.kit.refused", folder_name(code))
    assert fact.detail["why"] == "la liste de ses kits ne se lit pas"
    assert published_path(home, code).exists()


def test_a_code_that_does_not_read_fails_its_ward_only(home: Home) -> None:
    list(publish_all(home, Hospital("A", "B"), NOW, PERIOD))
    (home.secrets("care") / "kits/A/1.json").write_text("{", "ascii")
    kinds = [type(each) for each in publish_all(home, Hospital("A", "B"), LATER, PERIOD)]
    assert kinds == [Failed, Published]


def test_a_new_cause_of_refusal_is_told_at_once(home: Home) -> None:
    publish(home, ward(10), NOW, PERIOD)
    told, streaks = [], []
    quiet, fallen = replace(ward(10), as_of=NOW - timedelta(days=1)), replace(ward(2), as_of=LATER)
    for sheet in (quiet, quiet, fallen, fallen, quiet):
        refused = publish(home, sheet, LATER, PERIOD)
        assert isinstance(refused, Refused)
        streaks.append(refused.streak)
        told += [fact.number for fact in facts(refused)]
    assert streaks == [1, 2, 1, 2, 1]
    assert told == [1, 3, 5]


def test_a_shelf_written_before_causes_were_kept_is_read(home: Home) -> None:
    publish(home, ward(10), NOW, PERIOD)
    publish(home, replace(ward(2), as_of=LATER), LATER, PERIOD)
    path = _shelf(home, "CHIR-B")
    old = path.read_text("ascii").replace(',\n  "kind": "fall"', "")
    assert "kind" not in old
    path.write_text(old, "ascii")
    before = read_shelf(home, "CHIR-B").refused
    assert before is not None and before.kind == ""


def test_a_stopped_renewal_is_finished_by_the_next(home: Home) -> None:
    publish(home, ward(2), NOW, PERIOD)
    first = window_of(home, "CHIR-B")
    assert first is not None and first.code is not None
    second = open_next(home, first, NOW)  # stopped here: neither sealed again, nor burnt
    third = renew(home, "CHIR-B", LATER)
    assert third.number == 3
    secrets = [path.read_text("utf-8") for path in home.secrets("care").rglob("*.json")]
    for old in (first.code, second.code):
        assert old is not None and not any(old in text for text in secrets)
    assert any(str(third.code) in text for text in secrets)


def test_a_thaw_is_told_once_for_its_freeze(home: Home) -> None:
    assert thawed(home) is None
    freeze(home, NOW, "crise 1")
    assert thaw(home, LATER)
    last = thawed(home)
    assert not thaw(home, LATER + timedelta(hours=1))
    assert last is not None and thawed(home) == last
    fact = thawed_fact(last)
    assert (fact.what, fact.when) == ("care.kit.thawed", LATER)
    assert fact.number == int(NOW.timestamp() * 1000)


def test_a_freeze_that_does_not_read_is_liftable(home: Home) -> None:
    freeze(home, NOW, "crise 1")
    (home.path / "care/kits/frozen.json").write_text("{", "ascii")
    assert thaw(home, LATER)
    assert isinstance(publish(home, ward(2), NOW, PERIOD), Published)

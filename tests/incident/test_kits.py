"""The rounds of kits on a home: what moved, what failed, what the ledger could not take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from releve.care import Kept
from releve.care.kit import Held, frozen, publication, read_shelf
from releve.care.kit.build import up_to_date
from releve.care.ports import Fact
from releve.care.progress import tell
from releve.care.projection import Projector
from releve.care.views import views_path
from releve.kernel.clock import SystemClock
from releve.kernel.durable import make_folder
from releve.kernel.home import Home
from releve.ledger.errors import SignerUnreachable
from releve.runtime.care_facts import CareFacts
from releve.runtime.kits import HomeKits, KitsIncomplete
from releve.runtime.ledger import read_entries
from tests.care.messages import Bed, Someone, a01

_MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _script() -> None:
    if not up_to_date():
        pytest.skip("kits non construits : python -m releve.care.kit.build")


def _admit(home: Home, ward: str, number: int, now: datetime) -> None:
    make_folder(views_path(home).parent)
    raw = a01(
        Someone(f"8000{number:02d}", f"DUPONT{number}"),
        Bed(ward, "1", "P", f"V{number}"),
        f"M{number}",
    )
    projector = Projector(views_path(home))
    projector.take([Kept(projector.cursor, now, "DPI|VALBRUME", raw)])
    tell(home, projector.cursor)
    projector.close()


def _current(home: Home, ward: str) -> Held:
    held = read_shelf(home, ward).current
    assert held is not None
    return held


def _told(home: Home) -> list[tuple[str, str]]:
    whats = ("care.kit.published", "care.kit.refused", "care.kit.frozen", "care.kit.thawed")
    return [(e.what, e.system) for _, e in read_entries(home) if e.what in whats]


def test_a_patient_admitted_while_the_kit_is_built_is_in_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, kits = SystemClock().now(), HomeKits(home)
    _admit(home, "A", 1, now)
    build = publication.build_kit

    def meanwhile(*given: object) -> bytes:
        _admit(home, "A", 2, now)
        return build(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as slow:
        slow.setattr(publication, "build_kit", meanwhile)
        assert kits.round(now)
    assert _current(home, "A").patients == 1
    assert kits.round(now + _MINUTE)
    assert _current(home, "A").patients == 2
    assert not kits.round(now + 2 * _MINUTE)


def test_a_failed_ward_is_tried_again_alone_and_told_once(home: Home) -> None:
    now, kits = SystemClock().now(), HomeKits(home)
    for number, ward in enumerate("ABC", 1):
        _admit(home, ward, number, now)
    kits.round(now)
    shelf = home.path / "care/kits/B/shelf.json"
    good = shelf.read_text("ascii")
    shelf.write_text("{", "ascii")
    later = now + timedelta(minutes=15)
    for minutes in range(3):
        with pytest.raises(KitsIncomplete, match="B : "):
            kits.round(later + minutes * _MINUTE)
    shelf.write_text(good, "ascii")
    assert kits.round(later + 3 * _MINUTE)
    assert [_current(home, ward).generation for ward in "ABC"] == [2, 2, 2]
    assert _told(home).count(("care.kit.refused", "B")) == 1


def test_a_ledger_that_refuses_stops_no_ward_and_is_told_when_it_is_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = SystemClock().now()
    for number, ward in enumerate("AB", 1):
        _admit(home, ward, number, now)

    def refuse(self: CareFacts, facts: Sequence[Fact]) -> None:
        raise SignerUnreachable(path="ledger.sock", why="essai")

    with monkeypatch.context() as down:
        down.setattr(CareFacts, "record", refuse)
        with pytest.raises(KitsIncomplete, match=r"A, registre.*B, registre"):
            HomeKits(home).publish(now)
        assert _current(home, "A").patients == _current(home, "B").patients == 1
        with pytest.raises(SignerUnreachable):
            HomeKits(home).freeze(now, "crise 1")
    assert _told(home) == []
    for _ in range(2):  # the jobs, tried again; the kits stay those of the opening
        HomeKits(home).freeze(now + _MINUTE, "crise 1")
        HomeKits(home).publish(now + _MINUTE)
        assert _current(home, "A").generation == 1
    with monkeypatch.context() as down:
        down.setattr(CareFacts, "record", refuse)
        with pytest.raises(SignerUnreachable):
            HomeKits(home).thaw(now + 2 * _MINUTE)
    assert frozen(home) is None
    HomeKits(home).thaw(now + 3 * _MINUTE)
    assert _told(home) == [
        ("care.kit.frozen", "kits"),
        ("care.kit.published", "A"),
        ("care.kit.published", "B"),
        ("care.kit.thawed", "kits"),
    ]

"""A rebuild asked of a living projector: answered whatever fails, and whoever asks meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from releve.care.errors import MonthUnknown
from releve.care.intake import Incoming, Intake
from releve.care.keys import MonthKeys
from releve.care.orders import Orders, ProjectorSilent, RebuildFailed
from releve.care.rebuilding import Rebuilt, compare, feed
from releve.care.views import views_path
from releve.kernel.clock import ManualClock, SystemClock
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.ledger.errors import SignerUnreachable
from releve.runtime import care_verbs
from releve.runtime.care_facts import CareFacts
from releve.runtime.ledger import read_entries
from tests.care import messages
from tests.care.intake.living import part

_NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_WHO = messages.Someone("7001", "ESSAI")


@pytest.fixture
def received(home: Home) -> Home:
    """One message of September, in the views."""
    with Intake.open(home) as intake:
        when = _NOW.replace(month=9)
        intake.keep([Incoming(when, "DPI|VALBRUME", messages.a28(_WHO))])
    feed(home, views_path(home), 1)
    return home


@contextmanager
def _asking(home: Home, found: list[Rebuilt | ReleveError]) -> Iterator[None]:
    def ask() -> None:
        try:
            found.append(Orders(home).ask(30))
        except ReleveError as error:
            found.append(error)

    asked = (home.run / "rebuild/asked").read_bytes() if Orders(home).asked() else b""
    thread = threading.Thread(target=ask)
    thread.start()
    while not Orders(home).asked() or (home.run / "rebuild/asked").read_bytes() == asked:
        SystemClock().sleep(0.01)
    yield
    thread.join(30)
    assert not thread.is_alive()


def _full(_count: int) -> Rebuilt:
    raise sqlite3.OperationalError("database or disk is full")


def _done(count: int) -> Rebuilt:
    return Rebuilt(count)


def test_a_full_disk_is_said_to_who_asked_and_the_order_is_over(received: Home) -> None:
    found: list[Rebuilt | ReleveError] = []
    with _asking(received, found):
        Orders(received).answer(_full)
    assert isinstance(found[0], RebuildFailed)
    assert "disk is full" in str(found[0])
    assert not Orders(received).asked()
    with _asking(received, found):
        Orders(received).answer(_done)
    assert found[1] == Rebuilt(1)


def test_an_answer_that_cannot_be_written_ends_the_order(received: Home) -> None:
    (received.run / "rebuild/done").mkdir(parents=True)  # nothing can take its name
    with pytest.raises(OSError, match="done"):
        _answer_beside(received)
    assert not Orders(received).asked()


def _answer_beside(home: Home) -> None:
    (home.run / "rebuild").mkdir(exist_ok=True)
    (home.run / "rebuild/asked").write_text("jeton")
    Orders(home).answer(_done)


def test_who_asks_during_a_rebuild_is_answered_by_another_begun_after(received: Home) -> None:
    first: list[Rebuilt | ReleveError] = []
    second: list[Rebuilt | ReleveError] = []
    orders, begun = Orders(received), list[int]()

    def rebuild(count: int) -> Rebuilt:
        begun.append(count)
        if len(begun) == 1:
            thread.start()
            while not (received.run / "rebuild/asked").exists():
                SystemClock().sleep(0.01)
        return Rebuilt(count + len(begun))

    thread = threading.Thread(target=lambda: second.append(Orders(received).ask(30)))
    with _asking(received, first):
        orders.answer(rebuild)
        assert orders.asked()
        orders.answer(rebuild)
    thread.join(30)
    assert second == [Rebuilt(3)]
    assert first in ([Rebuilt(2)], [Rebuilt(3)])
    assert not orders.asked()


def test_two_who_ask_before_anything_began_share_one_rebuild(received: Home) -> None:
    found: list[Rebuilt | ReleveError] = []
    with _asking(received, found), _asking(received, found):
        Orders(received).answer(_done)
    assert found == [Rebuilt(1), Rebuilt(1)]


def test_who_gives_up_withdraws_its_own_order_only(received: Home) -> None:
    orders = Orders(received)
    with pytest.raises(ProjectorSilent):
        orders.ask(0.1)
    assert not orders.asked()
    orders.answer(_done)
    assert not (received.run / "rebuild/done").exists()


def test_a_projector_killed_in_a_rebuild_answers_when_it_is_back(received: Home) -> None:
    (received.run / "rebuild").mkdir(exist_ok=True)
    (received.run / "rebuild/taken").write_text("jeton")
    with part("projector", received) as (projector, _):
        while Orders(received).asked():
            assert projector.poll() is None
            SystemClock().sleep(0.02)
    assert b"jeton" in (received.run / "rebuild/done").read_bytes()


def test_a_month_destroyed_whose_views_remain_is_finished_and_told_once(
    received: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(_NOW)

    def forget() -> Rebuilt:
        clock.sleep(60)
        return care_verbs.forget(received, "2026-09", clock, this_month=False)

    with monkeypatch.context() as killed, pytest.raises(ProjectorSilent):
        killed.setattr(care_verbs, "rebuild", _raising(ProjectorSilent(seconds=1)))
        forget()
    assert MonthKeys(received).destroyed() == ("2026-09",)
    assert forget().gone == {"2026-09": 1}
    assert compare(received)[1] is None
    told = [e for _, e in read_entries(received) if e.what == "care.month.forgotten"]
    assert [(e.value, e.unit, e.when) for e in told] == [
        ("2026-09", None, MonthKeys(received).destroyed_at("2026-09"))
    ]
    with pytest.raises(MonthUnknown):
        care_verbs.forget(received, "2026-08", clock, this_month=False)


def test_a_ledger_that_refuses_leaves_nothing_of_the_month(
    received: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(_NOW)
    with monkeypatch.context() as refused, pytest.raises(SignerUnreachable):
        refused.setattr(CareFacts, "record", _raising(SignerUnreachable(path="s", why="essai")))
        care_verbs.forget(received, "2026-09", clock, this_month=False)
    assert b"ESSAI" not in views_path(received).read_bytes()
    care_verbs.forget(received, "2026-09", clock, this_month=False)
    assert [e.what for _, e in read_entries(received)][-1] == "care.month.forgotten"


def _raising(error: Exception) -> Callable[..., None]:
    def act(*_: object) -> None:
        raise error

    return act


def test_a_port_is_not_believed_without_its_living_listener(received: Home) -> None:
    with part("listener", received) as (listener, ends):
        (received.run / "endpoints.json").write_text(f'{{"listener": "{ends["listener"]}"}}')
        parts = received.run / "parts.json"
        assert care_verbs.listener_address(received) is None
        parts.write_text(f'{{"listener": {{"pid": {os.getpid()}}}}}')  # a number used again
        assert care_verbs.listener_address(received) is None
        parts.write_text(f'{{"listener": {{"pid": {listener.pid}}}}}')
        assert care_verbs.listener_address(received) is not None
    assert care_verbs.listener_address(received) is None


def test_a_rebuild_and_a_check_do_not_use_the_same_file(received: Home) -> None:
    beside = received.path / "care/views.rebuilt.sqlite3"
    shutil.copy(views_path(received), beside)  # another's, at work
    assert compare(received)[1] is None
    assert beside.exists()

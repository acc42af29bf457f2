"""Silences of the feed are told once each, their return too, and no flood can be made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from releve.care.ports import Fact
from releve.care.silences import MOST_SOURCES, Silences, news
from releve.care.teller import Teller
from releve.care.views import views_path
from releve.care.views_shapes import Source
from releve.kernel.clock import ManualClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home
from releve.reflexes import consequences
from releve.runtime.care_facts import CareFacts
from releve.runtime.ledger import read_entries
from tests.care.messages import Bed, Someone, a01, message, oru
from tests.care.pages.hospital import fill

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA, BED = Someone("1", "MARTIN", "Anna"), Bed("MED", "1", "M01", "V1")


def source(
    kind: str = "results", ago: timedelta = 3 * HOUR, sender: str = "LABO|CH", count: int = 9
) -> Source:
    return Source(sender, kind, NOON - ago, count, HOUR, ago > 2 * HOUR)


def told(
    sources: Sequence[Source], before: Silences, listening: timedelta = HOUR
) -> tuple[Silences, list[tuple[str, str, int]]]:
    after, found = news(sources, before, listening, NOON)
    return after, [(fact.what, fact.system, fact.number) for fact in found]


def test_a_silence_and_its_return_are_told_once_each_under_the_same_number() -> None:
    begun = int((NOON - 3 * HOUR).timestamp()) * 1_000_000
    after, first = told([source()], Silences())
    assert first == [("care.feed.silent", "LABO|CH", begun)]
    assert told([source()], after) == (after, [])
    spoke = [source(ago=timedelta(minutes=1))]
    back, second = told(spoke, after)
    assert second == [("care.feed.back", "LABO|CH", begun)]
    assert told(spoke, back) == (Silences(), [])


def test_one_who_spoke_unseen_and_is_silent_again_is_a_new_silence() -> None:
    after, _ = told([source(ago=9 * HOUR)], Silences())
    _, again = told([source(ago=3 * HOUR)], after)
    assert [what for what, _, _ in again] == ["care.feed.silent"]


def test_a_longer_period_ends_a_silence_without_a_return() -> None:
    after, _ = told([source()], Silences())
    patient = Source("LABO|CH", "results", NOON - 3 * HOUR, 9, 24 * HOUR, False)
    assert told([patient], after) == (Silences(), [])


def test_after_releve_was_away_senders_have_a_minute_to_come_back() -> None:
    assert told([source()], Silences(), timedelta(seconds=30)) == (Silences(), [])
    already, _ = told([source()], Silences())
    assert told([source()], already, timedelta(0)) == (already, [])


def test_identities_of_a_sender_of_movements_are_not_told_apart() -> None:
    both = [source("identity"), source("movements")]
    assert len(news(both, Silences(), HOUR, NOON)[1]) == 1
    assert len(news([both[0]], Silences(), HOUR, NOON)[1]) == 1


def test_senders_a_hostile_feed_invents_are_counted_and_hide_nobody() -> None:
    real = source(sender="ZZ-DPI|CH", count=5000)
    invented = [source(sender=f"A{n}|X", count=1) for n in range(5000)]
    state, found = told([*invented, real], Silences())
    assert ("care.feed.silent", "ZZ-DPI|CH") in [one[:2] for one in found]
    others = [number for _, system, number in found if system == "autres sources"]
    assert others == [1, 10, 100, 1000]
    assert len(found) == MOST_SOURCES + len(others)
    assert told([*invented, real], state) == (state, [])


def test_what_a_sender_calls_itself_does_not_enter_the_ledger() -> None:
    (fact,) = news([source(sender="<script>|é\u202e")], Silences(), HOUR, NOON)[1]
    assert fact.system.startswith("émetteur ") and "script" not in fact.origin


class _Ledger:
    def __init__(self) -> None:
        self.told: list[Fact] = []

    def record(self, facts: Sequence[Fact]) -> None:
        self.told += facts


@pytest.fixture
def timed(home: Home) -> Home:
    """A source is silent after ten seconds."""
    (home.path / "care").mkdir()
    periods = "[movements]\nperiod_seconds = 5\n[results]\nperiod_seconds = 5\n"
    (home.path / "care/freshness.toml").write_text(periods, "utf-8")
    return home


def test_the_ledger_and_the_logbook_hear_of_it_once_whatever_restarts(timed: Home) -> None:
    clock = ManualClock(NOON)
    fill(timed, [a01(ANNA, BED, "1"), oru(ANNA, BED, "L1", "Potassium", "4")], received=NOON)
    ledger = CareFacts(timed)
    teller = Teller(timed, views_path(timed), ledger, clock)
    for _ in range(5):
        clock.sleep(6)
        teller.tell()
    Teller(timed, views_path(timed), ledger, clock).tell()
    (timed.path / "care/told.json").unlink()  # killed before it could remember
    lost = Teller(timed, views_path(timed), ledger, clock)
    clock.sleep(11)
    lost.tell()
    fill(timed, [oru(ANNA, BED, "L2", "Sodium", "140")], received=clock.now())
    clock.sleep(6)
    assert lost.tell() == 1
    entries = [entry for _, entry in read_entries(timed) if entry.what.startswith("care.feed.")]
    assert [(e.what, e.kind, e.system, e.detail["of"]) for e in entries] == [
        ("care.feed.silent", "alarm", "DPI|VALBRUME", "mouvements"),
        ("care.feed.silent", "alarm", "LABO|VALBRUME", "résultats"),
        ("care.feed.back", "event", "LABO|VALBRUME", "résultats"),
    ]
    said = [each.sentence for entry in entries for each in consequences(entry)]
    assert said[0].startswith("ALARME : DPI|VALBRUME ne dit plus rien depuis 1")
    assert said[2] == "Flux de soins : LABO|VALBRUME parle de nouveau (résultats)."


def test_unreadable_periods_are_said_once_and_the_rest_is_told(timed: Home) -> None:
    (timed.path / "care/freshness.toml").write_text("[results]\nperiod_seconds = 0\n", "utf-8")
    ledger, clock = _Ledger(), ManualClock(NOON)
    fill(timed, [message("ADT^A01", "PID|1||^^^X^PI")], received=NOON)
    teller = Teller(timed, views_path(timed), ledger, clock)
    with pytest.raises(BadInput, match=r"freshness\.toml, table \[results\]"):
        teller.tell()
    clock.sleep(600)
    assert teller.tell() == 0
    assert [fact.what for fact in ledger.told] == ["care.quarantine"]
    (timed.path / "care/freshness.toml").write_text("[movements]\nperiod_seconds = 60\n", "utf-8")
    clock.sleep(6)
    teller.tell()
    assert [fact.what for fact in ledger.told[1:]] == ["care.feed.silent"]

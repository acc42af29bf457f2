"""The crisis's decisions without a database: opening, hours, words, steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releve.incident import (
    Answer,
    EmptyWords,
    Opened,
    Verdict,
    clean,
    first_steps,
    may_open,
    moment_typed,
    next_step,
)
from releve.incident.errors import BadHour, TooLong

NOW = datetime(2026, 11, 22, 1, 47, tzinfo=UTC)  # 02:47 in Paris


def test_an_alarm_opens_and_a_fresh_false_alarm_of_the_same_machine_does_not() -> None:
    lifted = Opened(NOW - timedelta(hours=1), "PC-1", NOW - timedelta(minutes=10))
    assert may_open("PC-1", [], NOW) is Verdict.OPEN
    assert may_open("PC-1", [lifted], NOW) is Verdict.QUIET
    assert may_open("PC-2", [lifted], NOW) is Verdict.OPEN
    assert may_open("PC-1", [lifted], NOW + timedelta(minutes=21)) is Verdict.OPEN


def test_reflexes_open_at_most_four_times_a_day() -> None:
    past = [Opened(NOW - timedelta(hours=hours), "PC", None) for hours in (1, 5, 9, 23)]
    assert may_open("PC-9", past, NOW) is Verdict.CAPPED
    assert may_open("PC-9", past, NOW + timedelta(hours=2)) is Verdict.OPEN


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("02:40", "2026-11-22T01:40"),
        ("2h40", "2026-11-22T01:40"),
        ("2 h 05", "2026-11-22T01:05"),
        ("2h", "2026-11-22T01:00"),
        ("02:50", "2026-11-22T01:50"),  # a clock three minutes ahead
        ("23:30", "2026-11-21T22:30"),  # last evening
    ],
)
def test_a_typed_hour_is_the_last_such_hour_in_paris(typed: str, expected: str) -> None:
    assert moment_typed(typed, NOW) == datetime.fromisoformat(expected + "+00:00")


@pytest.mark.parametrize(
    "typed", ["", "hier", "25:00", "12:60", "1:2:3", "-1:00", "٣:٠٠", "9" * 40]
)
def test_what_is_not_an_hour_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(BadHour) as refused:
        moment_typed(typed, NOW)
    assert "02:47" in refused.value.remedy


def test_words_are_kept_on_one_line_and_hidden_characters_are_shown() -> None:
    assert clean("  écran rouge\r\nau labo\t!\n", "x") == "écran rouge au labo !"
    assert clean("a\u202eb\x00c\u200bd", "x") == "a\\u202eb\\u0000c\\u200bd"
    assert clean("12\u202f000 €\u00a0", "x") == "12\u202f000 €"
    for empty in ("", " \n\t "):
        with pytest.raises(EmptyWords):
            clean(empty, "une ligne")
    with pytest.raises(TooLong):
        clean("x" * 2001, "une ligne")


def test_steps_come_one_at_a_time_and_the_unsettled_come_back_at_the_end() -> None:
    steps = first_steps()
    assert next_step({}) == steps[0]
    assert next_step({steps[0].slug: Answer.SILENT}) == steps[1]
    done = {step.slug: step.answers[0] for step in steps}
    assert next_step(done) is None
    assert next_step({**done, steps[2].slug: Answer.UNKNOWN}) == steps[2]


def test_each_step_says_where_its_rule_comes_from() -> None:
    statuses = {"in_force", "bill", "programme", "recommendation", "unknown"}
    for step in first_steps():
        assert step.source and step.status in statuses and step.kind in {"call", "do"}
        assert all(answer.words in step.line(answer)[1] for answer in step.answers)

"""Decisions without a database: retries, and dates against clocks that jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releve.jobs import Abandon, Due, Retry, RetryPolicy, after_failure, appointment, due_in

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def test_each_wait_doubles_up_to_the_ceiling() -> None:
    policy = RetryPolicy(first=timedelta(seconds=5), factor=2, ceiling=timedelta(seconds=30))
    waits = [policy.wait(failures).total_seconds() for failures in (1, 2, 3, 4, 5)]
    assert waits == [5, 10, 20, 30, 30]


def test_a_job_that_failed_a_hundred_thousand_times_waits_the_ceiling() -> None:
    assert RetryPolicy().wait(100_000) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("failures", "verdict"),
    [(1, Retry(timedelta(seconds=5))), (2, Retry(timedelta(seconds=10))), (3, Abandon())],
)
def test_two_retries_are_three_tries(failures: int, verdict: Retry | Abandon) -> None:
    assert after_failure(RetryPolicy(retries=2), failures) == verdict


def test_a_lease_lasts_its_span() -> None:
    lease = due_in(MINUTE, NOW)
    assert not lease.come(NOW + MINUTE - timedelta(microseconds=1))
    assert lease.come(NOW + MINUTE)


def test_a_clock_set_back_costs_one_lease_and_not_a_day() -> None:
    assert due_in(MINUTE, NOW).settled(NOW - DAY) == due_in(MINUTE, NOW - DAY)


def test_a_clock_set_back_leaves_an_appointment_at_its_hour() -> None:
    assert appointment(NOW + MINUTE).settled(NOW - DAY) == Due(NOW + MINUTE, None)


def test_a_clock_that_did_not_go_back_changes_nothing() -> None:
    lease = due_in(MINUTE, NOW)
    for now in (NOW, NOW + DAY, NOW - timedelta(milliseconds=900)):
        assert lease.settled(now) is lease

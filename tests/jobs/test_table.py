"""The table and the worker, on both databases, against a clock that the test moves."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from releve.jobs import (
    ArgumentsNotJson,
    Claim,
    JobState,
    LeaseTooShort,
    Outcome,
    TaskNotImportable,
    due_in,
)
from releve.jobs.app import store
from releve.jobs.app.heartbeat import Heartbeat
from releve.jobs.app.models import Job
from releve.jobs.app.tasks import task
from releve.jobs.app.worker import Worker
from releve.jobs.errors import DateWithoutZone
from releve.kernel.clock import ManualClock, SystemClock
from tests.jobs import handlers
from tests.jobs.handlers import break_the_connection, fail, note, note_elsewhere

pytestmark = pytest.mark.usefixtures("database")

LEASE = timedelta(seconds=60)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_seen_yet() -> None:
    handlers.seen.clear()


@pytest.fixture
def outcomes() -> list[Outcome]:
    return []


@pytest.fixture
def worker(clock: ManualClock, outcomes: list[Outcome]) -> Worker:
    def report(claim: Claim, outcome: Outcome, error: str) -> None:
        outcomes.append(outcome)

    return Worker(None, clock, lease=LEASE, report=report)


def held_by_another(clock: ManualClock) -> Claim:
    claim = store.claim(None, "another", LEASE, clock.now())
    assert claim is not None
    return claim


def test_a_job_is_run_with_its_arguments_and_recorded_once(
    clock: ManualClock, worker: Worker
) -> None:
    value: Any = {"patient": "é\0", "lits": [1, None, 2.5, True]}
    job = note.enqueue(value, clock=clock)
    assert worker.run_once()
    assert not worker.run_once()
    assert handlers.seen == [value]
    after = job.refresh()
    assert (after.status, after.attempts, after.ended_at) == (JobState.DONE, 1, clock.now())


def test_a_rollback_of_the_caller_leaves_no_job(clock: ManualClock, worker: Worker) -> None:
    class CallerFailed(Exception):
        pass

    with pytest.raises(CallerFailed), transaction.atomic():
        note.enqueue("plain", clock=clock)
        note.enqueue("keyed", unique_key="k", clock=clock)
        raise CallerFailed
    assert not worker.run_once()
    assert Job.objects.count() == 0


def test_the_same_key_is_the_same_job_even_when_done(clock: ManualClock, worker: Worker) -> None:
    first = note.enqueue(1, unique_key="k", clock=clock)
    with transaction.atomic():
        again = note.enqueue(2, unique_key="k", clock=clock)
        other_task = note_elsewhere.enqueue(3, unique_key="k", clock=clock)
    assert again == first
    while worker.run_once():
        pass
    assert note.enqueue(4, unique_key="k", clock=clock) == first.refresh()
    assert sorted(handlers.seen, key=str) == [1, 3]
    assert other_task.refresh().status is JobState.DONE


def test_many_callers_with_one_key_make_one_job(clock: ManualClock) -> None:
    ids = []
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait()
        for key in range(5):
            ids.append((key, note.enqueue(key, unique_key=str(key), clock=clock).id))
        connection.close()

    callers = [threading.Thread(target=ask) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(ids) == 20
    assert len(set(ids)) == Job.objects.count() == 5


def test_a_delayed_job_waits(clock: ManualClock, worker: Worker) -> None:
    note.enqueue("at 8", run_at=clock.now() + timedelta(hours=7), clock=clock)
    note.enqueue("in a minute", delay=timedelta(minutes=1), clock=clock)
    assert not worker.run_once()
    clock.advance(timedelta(minutes=1))
    assert worker.run_once()
    assert not worker.run_once()
    clock.advance(timedelta(hours=7))
    assert worker.run_once()
    assert handlers.seen == ["in a minute", "at 8"]


def test_priority_goes_first_and_a_worker_keeps_to_its_queues(clock: ManualClock) -> None:
    note.enqueue("first come", clock=clock)
    note.enqueue("urgent", priority=9, clock=clock)
    note_elsewhere.enqueue("elsewhere", clock=clock)
    here = Worker(["default"], clock, lease=LEASE)
    while here.run_once():
        pass
    assert handlers.seen == ["urgent", "first come"]
    assert Worker(["nowhere", "other"], clock, lease=LEASE).run_once()
    assert handlers.seen[-1] == "elsewhere"


def test_workers_that_ask_at_once_never_take_the_same_job(clock: ManualClock) -> None:
    for number in range(60):
        note.enqueue(number, clock=clock)
    taken: list[int] = []
    together = threading.Barrier(4)

    def take(name: str) -> None:
        together.wait()
        while claim := store.claim(None, name, LEASE, clock.now()):
            taken.append(claim.job)
        connection.close()

    takers = [threading.Thread(target=take, args=(f"taker-{n}",)) for n in range(4)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert sorted(taken) == list(Job.objects.order_by("pk").values_list("pk", flat=True))
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_a_failure_is_tried_again_later_and_later_then_abandoned_with_its_error(
    clock: ManualClock, worker: Worker, outcomes: list[Outcome]
) -> None:
    job = fail.enqueue("lit 12", clock=clock)
    for wait in (5, 10):
        assert worker.run_once()
        clock.advance(timedelta(seconds=wait) - timedelta(microseconds=1))
        assert not worker.run_once()
        clock.advance(timedelta(microseconds=1))
    assert worker.run_once()
    assert outcomes == [Outcome.RETRY, Outcome.RETRY, Outcome.ABANDONED]
    after = job.refresh()
    assert after.status is JobState.ABANDONED
    assert "ValueError: refus de lit 12" in after.error
    clock.advance(DAY)
    assert not worker.run_once()


def test_a_person_relaunches_an_abandoned_job_with_all_its_tries(
    clock: ManualClock, worker: Worker, outcomes: list[Outcome]
) -> None:
    job = fail.enqueue(1, clock=clock)
    while worker.run_once():
        clock.advance(timedelta(minutes=1))
    assert store.relaunch(job.id, clock.now())
    assert not store.relaunch(job.id, clock.now())
    assert worker.run_once()
    assert outcomes[-2:] == [Outcome.ABANDONED, Outcome.RETRY]


def test_a_handler_that_breaks_its_connection_is_recorded_as_failed(
    clock: ManualClock, worker: Worker, outcomes: list[Outcome]
) -> None:
    job = break_the_connection.enqueue(1, clock=clock)
    assert worker.run_once()
    assert outcomes == [Outcome.ABANDONED]
    assert "nowhere" in job.refresh().error


def test_an_ended_lease_is_taken_over_and_the_late_completion_refused(
    clock: ManualClock, worker: Worker
) -> None:
    job = note.enqueue(1, clock=clock)
    dead = held_by_another(clock)
    clock.advance(LEASE - timedelta(microseconds=1))
    assert not worker.run_once()
    clock.advance(timedelta(microseconds=1))
    assert worker.run_once()
    recorded = job.refresh()
    clock.advance(LEASE)
    assert not store.complete(dead, clock.now())
    assert not store.retry(dead, "late", due_in(LEASE, clock.now()))
    assert not store.abandon(dead, "late", clock.now())
    assert not store.extend(dead, LEASE, clock.now())
    assert job.refresh() == recorded
    assert (recorded.status, recorded.attempts) == (JobState.DONE, 2)


def test_a_late_completion_counts_when_nobody_took_the_job(
    clock: ManualClock, worker: Worker
) -> None:
    job = note.enqueue(1, clock=clock)
    slow = held_by_another(clock)
    clock.advance(DAY)
    assert store.complete(slow, clock.now())
    assert not worker.run_once()
    assert job.refresh().status is JobState.DONE


def test_a_clock_set_forward_a_day_records_one_completion(
    clock: ManualClock, worker: Worker
) -> None:
    job = note.enqueue(1, clock=clock)
    living = held_by_another(clock)
    clock.jump(DAY)
    assert worker.run_once()
    recorded = job.refresh()
    assert not store.complete(living, clock.now())
    assert job.refresh() == recorded


def test_a_clock_set_forward_is_forgiven_by_the_next_beat(
    clock: ManualClock, worker: Worker
) -> None:
    note.enqueue(1, clock=clock)
    living = held_by_another(clock)
    clock.jump(DAY)
    assert store.extend(living, LEASE, clock.now())
    assert not worker.run_once()
    assert store.complete(living, clock.now())


def test_a_clock_set_back_a_day_freezes_nothing(clock: ManualClock, worker: Worker) -> None:
    fail.enqueue("retry", clock=clock)
    assert worker.run_once()
    left = note.enqueue("left by the dead", clock=clock)
    held_by_another(clock)
    note.enqueue("at once", clock=clock)
    appointment = note.enqueue("at 8", run_at=clock.now() + timedelta(hours=7), clock=clock)
    clock.jump(-DAY)
    clock.advance(timedelta(seconds=1))
    assert worker.run_once()
    assert handlers.seen == ["retry", "at once"]
    clock.advance(timedelta(seconds=5))
    assert worker.run_once()
    assert handlers.seen == ["retry", "at once", "retry"]
    clock.advance(LEASE)
    while worker.run_once():
        pass
    assert left.refresh().status is JobState.DONE
    assert appointment.refresh().status is JobState.WAITING


def test_a_clock_set_back_does_not_take_a_job_from_the_living(
    clock: ManualClock, worker: Worker
) -> None:
    note.enqueue(1, clock=clock)
    living = held_by_another(clock)
    clock.jump(-DAY)
    for _ in range(4):
        clock.advance(LEASE / 3)
        assert not worker.run_once()
        assert store.extend(living, LEASE, clock.now())
    assert store.complete(living, clock.now())


def test_a_heartbeat_keeps_the_lease_of_a_long_job(clock: ManualClock) -> None:
    system = SystemClock()
    job = note.enqueue(1, clock=clock)
    lease = timedelta(seconds=0.3)
    claim = store.claim(None, "long", lease, system.now())
    assert claim is not None
    ends = {Job.objects.get(pk=job.id).due_at}
    with Heartbeat(claim, lease, system):
        hang = system.monotonic() + 30
        while len(ends) < 4 and system.monotonic() < hang:
            ends.add(Job.objects.get(pk=job.id).due_at)
    assert len(ends) >= 4
    assert max(ends) > min(ends) + lease / 2
    assert store.claim(None, "other", lease, min(ends)) is None


def test_a_job_that_keeps_ending_its_worker_is_abandoned(
    clock: ManualClock, worker: Worker, outcomes: list[Outcome]
) -> None:
    job = fail.enqueue(1, clock=clock)
    for _ in range(2):
        held_by_another(clock)
        clock.advance(LEASE)
    assert worker.run_once()
    assert outcomes == [Outcome.ABANDONED]
    assert handlers.seen == []
    assert "mis fin 2 fois" in job.refresh().error


@pytest.mark.parametrize(
    "name",
    ["tests.jobs.handlers.gone", "tests.jobs.handlers.NOT_A_TASK", "no.such.module.f", "f"],
)
def test_a_task_this_program_does_not_know_waits_with_the_reason(
    clock: ManualClock, worker: Worker, outcomes: list[Outcome], name: str
) -> None:
    order = store.Order(name, "[]", "default", due_in(timedelta(0), clock.now()))
    job = store.add(order, clock.now())
    assert worker.run_once()
    assert outcomes == [Outcome.RETRY]
    job.refresh_from_db()
    assert f"« {name} » est inconnu" in job.error


def test_ended_jobs_are_forgotten_and_the_others_kept(clock: ManualClock, worker: Worker) -> None:
    note.enqueue("old", unique_key="k", clock=clock)
    assert worker.run_once()
    clock.advance(DAY)
    limit = clock.now()
    recent = note.enqueue("recent", clock=clock)
    assert worker.run_once()
    waiting = note.enqueue("waiting", clock=clock)
    assert store.prune(limit) == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {recent.id, waiting.id}
    assert note.enqueue("old again", unique_key="k", clock=clock).id > waiting.id


@pytest.mark.parametrize("value", [object(), (1, 2), {1: "a"}, float("nan"), b"bytes"])
def test_arguments_that_json_does_not_give_back_are_refused(value: object) -> None:
    with pytest.raises(ArgumentsNotJson, match="note"):
        note.enqueue(value)
    assert Job.objects.count() == 0


def test_a_date_without_zone_is_refused(clock: ManualClock) -> None:
    with pytest.raises(DateWithoutZone):
        note.enqueue(1, run_at=datetime(2026, 11, 22, 8, 0), clock=clock)  # noqa: DTZ001


def test_a_function_another_process_could_not_find_is_refused() -> None:
    with pytest.raises(TaskNotImportable):

        @task()
        def local() -> None: ...


def test_a_lease_shorter_than_the_wait_for_sqlite_is_refused(clock: ManualClock) -> None:
    if connection.vendor != "sqlite":
        assert Worker(None, clock, lease=timedelta(seconds=1)).run_once() is False
        return
    with pytest.raises(LeaseTooShort):
        Worker(None, clock, lease=timedelta(seconds=2))


def test_between_is_called_at_each_turn_until_stop(clock: ManualClock) -> None:
    stop = threading.Event()
    turns = []

    def between() -> None:
        turns.append(list(handlers.seen))
        if len(turns) == 4:
            stop.set()

    for number in range(2):
        note.enqueue(number, clock=clock)
    Worker(None, clock, lease=LEASE, poll_seconds=0, between=between).run(stop)
    assert turns == [[], [0], [0, 1], [0, 1]]


def test_the_search_for_a_job_uses_the_index_of_live_jobs() -> None:
    search = "SELECT id FROM jobs_job WHERE state IN ('waiting', 'running') AND due_at <= %s"
    postgresql = connection.vendor == "postgresql"
    with transaction.atomic(), connection.cursor() as cursor:
        if postgresql:  # an empty table is read whole unless told otherwise
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if postgresql else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {search} AND queue IN ('vault')", ["2026-11-22"])
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "jobs_live" in plan

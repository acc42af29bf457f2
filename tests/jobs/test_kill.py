"""Workers that are killed, frozen and stopped, in real processes, on both databases."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from releve.jobs import LIVE, JobState
from releve.jobs.app.models import Job
from releve.kernel.clock import from_iso
from tests.jobs.handlers import note, start_and_last, wait_to_be_released

JOBS = 200
KILLS = 20
#: A hang is a failure; nothing here is a measure of speed.
PATIENCE_SECONDS = 90.0


class Pool:
    """Starts groups of workers; see :mod:`tests.jobs.pool`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, size: int) -> int:
        """The number of the new process group."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"start {size}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def end_group(group: int, how: signal.Signals) -> None:
    os.killpg(group, how)
    wait_until(lambda: not alive(group), "la fin du groupe de processus")


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"toujours pas : {what}"
        time.sleep(0.005)


def lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    """Lines of « job attempt outcome pid »."""
    return tmp_path / "outcomes"


@pytest.fixture
def pool(environment: dict[str, str], outcomes: Path) -> Iterator[Pool]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.pool", str(outcomes)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Pool(process)


def test_two_workers_killed_twenty_times_do_every_job_and_none_after_its_completion(
    pool: Pool, tmp_path: Path
) -> None:
    chance = random.Random(20261122)
    starts = tmp_path / "starts"
    for number in range(JOBS):
        start_and_last.enqueue(str(starts), number, chance.randrange(2, 30))
    points = sorted(chance.sample(range(5, JOBS - 5), KILLS))
    group = pool.start(2)
    for point in points:
        wait_until(lambda: len({s[0] for s in lines(starts)}) >= point, f"{point} jobs")  # noqa: B023
        time.sleep(chance.uniform(0, 0.02))
        end_group(group, signal.SIGKILL)
        group = pool.start(2)
    wait_until(lambda: not Job.objects.filter(state__in=LIVE).exists(), "la fin des travaux")
    end_group(group, signal.SIGTERM)
    check_every_job_was_done(lines(starts))


def check_every_job_was_done(starts: list[list[str]]) -> None:
    ended: dict[int, datetime | None] = {}
    attempts: dict[int, int] = {}
    for number, job in enumerate(Job.objects.order_by("pk")):
        assert job.state == JobState.DONE
        ended[number], attempts[number] = job.ended_at, job.attempt
    assert len(ended) == JOBS
    again = 0
    times = dict.fromkeys(range(JOBS), 0)
    for number, moment in ((int(number), from_iso(text)) for number, text in starts):
        completion = ended[number]
        assert completion is not None
        assert moment <= completion, "lancé encore après que sa fin fut enregistrée"
        times[number] += 1
        again += times[number] > 1
    assert all(1 <= times[number] <= attempts[number] for number in range(JOBS))
    assert again >= KILLS // 4, "les arrêts sont tombés à côté des travaux"


def test_a_worker_frozen_past_its_lease_records_nothing_once_it_wakes(
    pool: Pool, tmp_path: Path, outcomes: Path
) -> None:
    started = tmp_path / "started"
    job = wait_to_be_released.enqueue(str(tmp_path))
    frozen = pool.start(1)
    wait_until(lambda: len(lines(started)) == 1, "le premier départ")
    os.killpg(frozen, signal.SIGSTOP)
    second = pool.start(1)
    wait_until(lambda: len(lines(started)) == 2, "la reprise par le second")
    os.killpg(frozen, signal.SIGCONT)
    (tmp_path / f"go-{frozen}").touch()
    wait_until(lambda: len(lines(outcomes)) == 1, "le verdict du premier")
    assert lines(outcomes) == [[str(job.id), "1", "refused", str(frozen)]]
    held = job.refresh()
    assert (held.status, held.attempts, held.ended_at) == (JobState.RUNNING, 2, None)
    (tmp_path / f"go-{second}").touch()
    wait_until(lambda: len(lines(outcomes)) == 2, "le verdict du second")
    assert lines(outcomes)[1] == [str(job.id), "2", "done", str(second)]
    assert job.refresh().status is JobState.DONE
    os.killpg(second, signal.SIGKILL)
    after = note.enqueue("the worker that was frozen still works")
    wait_until(lambda: after.refresh().status is JobState.DONE, "un travail de plus")


def test_a_worker_asked_to_stop_finishes_its_job_and_takes_no_other(
    pool: Pool, tmp_path: Path, outcomes: Path
) -> None:
    job = wait_to_be_released.enqueue(str(tmp_path))
    waiting = note.enqueue("for another worker")
    group = pool.start(1)
    wait_until(lambda: len(lines(tmp_path / "started")) == 1, "le départ")
    os.killpg(group, signal.SIGTERM)
    (tmp_path / f"go-{group}").touch()
    wait_until(lambda: not alive(group), "la fin du processus")
    assert lines(outcomes) == [[str(job.id), "1", "done", str(group)]]
    assert job.refresh().status is JobState.DONE
    assert waiting.refresh().status is JobState.WAITING

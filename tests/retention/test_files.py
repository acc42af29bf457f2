"""What age ends: old descriptions of the hospital with its people's own numbers, restored files."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.establishment import amend, current, load
from releve.establishment.store import generations, stored_files
from releve.incident import Author
from releve.incident.app import desk as crisis
from releve.kernel.clock import ManualClock
from releve.kernel.hold import hold, release
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.retention import Plan, purge
from releve.retention.expiry import after, due_months, month_end, spared_generations
from releve.retention.reading import own_path
from releve.runtime.faults import Faults
from releve.runtime.retention import resume, state_of
from releve.runtime.retention_tasks import look
from releve.runtime.retention_world import HomeFiles, world_of
from tests.care.pages.hospital import write_folder
from tests.retention.lived import NOW, agree, decide

MONTH = timedelta(days=31)


@pytest.fixture
def four(records: Home, tmp_path: Path) -> Home:
    """Generations of 30, 20 and 14 months ago, and of last month; a restore of each age."""
    load(records, write_folder(tmp_path / "hopital"), NOW - 30 * MONTH)
    for months in (20, 14, 1):
        seen = current(records)
        changed = stored_files(records)["suppliers.toml"] + f"# {months}\n".encode()
        amend(
            records, {"suppliers.toml": changed}, NOW - months * MONTH,
            seen=seen.number if seen else None,
        )  # fmt: skip
    for name, age in (("PC-1-1-1", 60 * MONTH), ("PC-2-1-1", MONTH / 3)):
        folder = records.folder("restores") / name
        folder.mkdir()
        (folder / "lettre.txt").write_text("x", "ascii")
        os.symlink("/etc", folder / "lien")
        stamp = (NOW - age).timestamp()
        os.utime(folder, (stamp, stamp))
    return records


def _there(home: Home) -> list[str]:
    return [str(number) for number, _ in generations(home)]


@pytest.mark.django_db
def test_old_generations_and_restores_go_the_current_one_stays(four: Home) -> None:
    assert _there(four) == ["1", "2", "3", "4"]
    agree(four, "establishment", "restores")
    row = decide(four)
    assert row.planned == Plan((), ("establishment/1", "establishment/2", "restores/PC-1-1-1"))
    resume(four, ManualClock(NOW))
    assert _there(four) == ["3", "4"], "the third was the hospital's until last month"
    assert [path.name for path in (four.path / "restores").iterdir()] == ["PC-2-1-1"]
    assert Path("/etc/passwd").exists()
    assert current(four) is not None
    later = {entry.path for entry in state_of(four, NOW + 60 * MONTH).files}
    assert later == {"establishment/3", "restores/PC-2-1-1"}


@pytest.mark.django_db
def test_what_an_open_crisis_began_with_is_spared(four: Home) -> None:
    crisis.open_crisis(Author("essai"), "", NOW - 15 * MONTH)
    paths = {entry.path for entry in HomeFiles(four).entries() if entry.store == "establishment"}
    assert paths == {"establishment/1"}


@pytest.mark.django_db
def test_unsigned_stores_lose_nothing(four: Home) -> None:
    agree(four, "restores")
    plan = decide(four).planned
    assert plan.files == ("restores/PC-1-1-1",)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["home.json", "../dehors", "restores/../../dehors", "secrets/signer/key", "/etc/hostname"],
)
def test_a_plan_that_was_altered_removes_nothing_else(four: Home, path: str) -> None:
    outside = four.path.parent / "dehors"
    outside.write_text("x", "ascii")
    counts = purge(Plan((), (path,)), world_of(four, ManualClock(NOW)), lambda: NOW)
    assert counts.files == 0
    assert outside.exists() and (four.path / "home.json").exists()


class Once:
    """An event that lets a loop turn once."""

    def __init__(self) -> None:
        self.turns = 0

    def wait(self, seconds: float) -> bool:
        self.turns += 1
        return self.turns > 1


@pytest.mark.django_db
def test_the_duty_part_says_what_is_due_and_goes_on_after_an_error(
    four: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    look(four, ManualClock(NOW), Once(), Faults(four, "duty"))  # type: ignore[arg-type]
    assert Outbox.objects.filter(payload__contains='"retention.due"').count() == 1
    own_path(four).parent.mkdir(exist_ok=True)
    own_path(four).write_text("x = ", "ascii")
    look(four, ManualClock(NOW), Once(), Faults(four, "duty"))  # type: ignore[arg-type]
    assert "RulesUnreadable" in capsys.readouterr().err
    assert _there(four) == ["1", "2", "3", "4"]


@pytest.mark.django_db
def test_what_only_waits_is_swept_every_hour_unless_retention_is_frozen(four: Home) -> None:
    plan = four.folder("plans") / "a.plan"
    waits = four.folder("establishment/imports/pending/AAAAAAAAAAAAAAAAAAAAAA")
    plan.write_bytes(b"sealed")
    (waits / "tables.json").write_bytes(b"{}")
    for path, age in ((plan, timedelta(hours=2)), (waits, timedelta(days=2))):
        os.utime(path, ((NOW - age).timestamp(),) * 2)
    hold(four, "essai", "enquête", NOW)
    look(four, ManualClock(NOW), Once(), Faults(four, "duty"))  # type: ignore[arg-type]
    assert plan.exists() and waits.exists()
    release(four)
    recent = four.path / "plans/b.plan"
    recent.write_bytes(b"sealed")
    os.utime(recent, ((NOW - timedelta(minutes=5)).timestamp(),) * 2)
    look(four, ManualClock(NOW), Once(), Faults(four, "duty"))  # type: ignore[arg-type]
    assert not plan.exists() and not waits.exists() and recent.exists()


_MOMENTS = st.integers(946_684_800, 4_102_444_800).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(_MOMENTS, st.integers(1, 1200))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(
    moment: datetime, months: int
) -> None:
    then = after(moment, months)
    assert (then.year * 12 + then.month) - (moment.year * 12 + moment.month) == months
    assert then.day == moment.day or (then + timedelta(days=1)).day == 1


@given(
    st.lists(_MOMENTS, max_size=30),
    st.integers(1, 60),
    st.integers(0, 24),
    _MOMENTS,
    st.one_of(st.none(), _MOMENTS),
)
def test_no_month_is_due_before_its_term_nor_while_a_stay_needs_it(
    received: list[datetime], keep: int, grace: int, now: datetime, needed: datetime | None
) -> None:
    months = sorted({f"{when:%Y-%m}" for when in received})
    oldest = f"{needed:%Y-%m}" if needed else None
    due = due_months(months, keep, oldest, grace, now)
    for month in months:
        late = after(month_end(month), keep) <= now
        spent = after(month_end(month), keep + grace) <= now
        held = oldest is not None and month >= oldest and not spent
        assert (month in due.months) is (late and not held)
    assert due_months(months, None, oldest, grace, now).months == ()


@pytest.mark.parametrize(
    ("kept", "since"),
    [({4}, None), ({4, 3, 2}, 2), ({4, 3, 2, 1}, 1), ({4, 3}, 3)],
)
def test_generations_of_a_crisis(kept: set[int], since: int | None) -> None:
    at: Callable[[int], datetime] = lambda n: NOW + n * MONTH  # noqa: E731
    loaded = [(number, at(number)) for number in (1, 2, 3, 4)]
    began = None if since is None else at(since) + timedelta(days=2)
    assert spared_generations(loaded, 4, began) == kept

"""A patient of an expired month is nowhere any more, and the proof still holds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from releve.care.keys import MonthKeys
from releve.care.kit import freeze, thaw, wards_with_kits
from releve.care.kit.build import up_to_date
from releve.care.rebuilding import compare
from releve.care.views import Views, views_path
from releve.incident import Author
from releve.incident.app import copies
from releve.incident.app import desk as crisis
from releve.incident.app.models import Copy
from releve.kernel.clock import ManualClock
from releve.kernel.hold import hold, release
from releve.kernel.home import Home
from releve.ledger import Place, Salts, export
from releve.ledger.errors import SaltUnknown
from releve.pages.roles import Role
from releve.retention import Plan, purge
from releve.retention.app.models import Purge
from releve.retention.errors import NotSigned, NotTwoPeople, PurgeHeld
from releve.retention.purging import World
from releve.runtime.ledger import open_ledger, read_entries
from releve.runtime.retention import AtConsole, decide_on_console, resume, state_of
from releve.runtime.retention_world import world_of
from tests.care.messages import a01, a02, a03, a31, al1
from tests.ledger.examples import stand_alone
from tests.pages.people import EJ, OTHER, account
from tests.retention.lived import (
    B02,
    EXPIRED,
    MARKER,
    NEW,
    NOW,
    STAYS,
    THEN,
    agree,
    decide,
    long_ago,
    look,
    make_kits,
    receive,
    today,
    two,
)
from tests.retention.marker import found

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _script() -> None:
    if not up_to_date():
        pytest.skip("kits non construits : python -m releve.care.kit.build")


@pytest.fixture
def lived(records: Home) -> Home:
    long_ago(records)
    today(records)
    (records.folder("log") / "projector.log").write_text(f"projection : {MARKER}\n", "utf-8")
    (records.folder("exports") / "classeur.txt").write_text(MARKER, "utf-8")
    return records


class Told:
    """A register of copies that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, datetime | None]] = []

    def recall(self, why: str, before: datetime | None = None, what: str | None = None) -> int:
        self.asked.append((why, before))
        return 3


def _verified(home: Home, folder: Path, kept: Path) -> str:
    """The log as a stranger checks it, alone, against a checkpoint kept before."""
    with open_ledger(home) as ledger:
        ledger.publish()
    export(home, folder)
    said = stand_alone(folder / "verify.py", folder, "--checkpoint", str(kept))
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def test_a_patient_of_an_expired_month_leaves_no_trace_and_the_ledger_verifies(
    lived: Home, tmp_path: Path
) -> None:
    later = look(lived, NEW, NOW, 2)
    (opened,) = [e for _, e in read_entries(lived) if e.origin == "essai.pages" and e.number == 1]
    assert len(found(lived, MARKER)) > 10
    kept = tmp_path / "checkpoint"
    kept.write_bytes(Place(lived).checkpoint.read_bytes())
    agree(lived)
    row = decide(lived)
    assert row.planned == Plan((EXPIRED,), ())
    ((_, counts),) = resume(lived, ManualClock(NOW))
    assert found(lived, MARKER) == []
    assert (counts.silent, counts.salts, counts.emptied) == (9, 1, 2)
    assert MonthKeys(lived).destroyed() == (EXPIRED,)
    salts = Salts(Place(lived).salts)
    with pytest.raises(SaltUnknown):
        salts.salt(opened.commitments["patient"])
    assert salts.salt(later)
    assert Views(views_path(lived)).find(NEW.name)[0].bed == "B03"
    assert compare(lived)[1] is None
    assert found(lived, MARKER) == []
    assert Purge.objects.get().state == Purge.DONE
    assert "cohérent" in _verified(lived, tmp_path / "registre", kept)
    whats = [e.what for _, e in read_entries(lived)]
    for what in ("retention.purge.decided", "retention.purged", "care.month.forgotten"):
        assert whats.count(what) == 1


def test_what_was_copied_elsewhere_is_asked_back(lived: Home) -> None:
    told = Told()
    world = world_of(lived, ManualClock(NOW))
    asked = World(world.feed, world.proof, world.files, told, world.hold)
    counts = purge(Plan((EXPIRED,), ()), asked, ManualClock(NOW).now)
    assert counts.recalled == 3
    assert told.asked == [("purge des mois 2025-01 à 2025-01", NOW)]


def test_a_ward_with_nobody_left_keeps_no_kit(lived: Home) -> None:
    assert "CHIR-C" in wards_with_kits(lived)
    agree(lived)
    decide(lived)
    resume(lived, ManualClock(NOW))
    left = sorted(path.name for path in (lived.path / "care/kits").rglob("*.html"))
    assert left == ["000003.html", "CHIR-B.html"]
    receive(lived, [a01(STAYS, B02, "9", at="20261129030000")], NOW)
    make_kits(lived, NOW + timedelta(minutes=1))


def test_who_is_still_in_bed_holds_the_months_that_spoke_of_them(records: Home) -> None:
    long_ago(records)
    receive(records, [a01(STAYS, B02, "7", at="20250120100000")], THEN + timedelta(days=5))
    receive(records, [a02(STAYS, B02, "8", at="20260301100000")], THEN + timedelta(days=410))
    agree(records)
    state = state_of(records, NOW)
    assert state.plan == Plan((), ())
    assert [held.month for held in state.due.held] == [EXPIRED]
    with pytest.raises(Exception, match="Rien n'est à purger"):
        decide(records)
    # A stay that nobody closes does not keep everything for ever: twelve months beyond the term.
    far = datetime(2027, 8, 2, tzinfo=NOW.tzinfo)
    assert state_of(records, far).plan.months == (EXPIRED,)
    receive(records, [a03(STAYS, B02, "10", at="20261128100000")], NOW - timedelta(hours=9))
    assert state_of(records, NOW).plan.months == (EXPIRED,)


def test_an_allergy_told_before_the_stay_is_held_too(records: Home) -> None:
    receive(records, [a31(STAYS, al1("Pénicilline"))], THEN)
    receive(records, [a01(STAYS, B02, "7", at="20261120100000")], NOW - timedelta(days=9))
    assert [held.month for held in state_of(records, NOW).due.held] == [EXPIRED]


def test_a_month_decided_and_needed_since_stays(records: Home) -> None:
    """Two people decided; before it was done somebody came whose allergy was told in that month."""
    receive(records, [a31(STAYS, al1("Pénicilline"))], THEN)
    agree(records)
    row = decide(records)
    assert row.planned.months == (EXPIRED,)
    receive(records, [a01(STAYS, B02, "7", at="20261129030000")], NOW)
    ((_, counts),) = resume(records, ManualClock(NOW))
    assert counts.months == 0
    assert EXPIRED in MonthKeys(records).months()
    assert Views(views_path(records)).find(STAYS.name)[0].bed == "B02"


def test_an_opening_in_a_month_without_messages_loses_its_salt_too(lived: Home) -> None:
    silent = datetime(2024, 12, 3, tzinfo=NOW.tzinfo)
    made = [look(lived, NEW, silent, 7), look(lived, NEW, NOW - timedelta(days=8), 8)]
    agree(lived)
    decide(lived)
    resume(lived, ManualClock(NOW))
    salts = Salts(Place(lived).salts)
    with pytest.raises(SaltUnknown):
        salts.salt(made[0])
    assert salts.salt(made[1])


def _crisis(home: Home) -> None:
    crisis.open_crisis(Author("essai"), "", NOW)


def _frozen(home: Home) -> None:
    freeze(home, NOW, "essai")


@pytest.mark.parametrize(("hold", "said"), [(_crisis, "crise"), (_frozen, "figés")])
def test_nothing_is_destroyed_while_something_holds(
    lived: Home, hold: Callable[[Home], None], said: str
) -> None:
    agree(lived)
    row = decide(lived)
    hold(lived)
    with pytest.raises(PurgeHeld, match=said):
        resume(lived, ManualClock(NOW))
    assert EXPIRED in MonthKeys(lived).months()
    row.refresh_from_db()
    assert (row.state, said in row.trouble) == (Purge.DECIDED, True)
    with pytest.raises(PurgeHeld, match=said):
        decide(lived)
    if hold is _crisis:
        crisis.close(Author("essai"), "fin", NOW)
    else:
        thaw(lived, NOW)
    resume(lived, ManualClock(NOW))
    assert found(lived, MARKER) == []


def test_while_retention_is_frozen_nothing_goes_and_the_reason_is_said(lived: Home) -> None:
    agree(lived)
    row = decide(lived)
    hold(lived, "Mme Odile Ferrand", "réquisition du parquet", NOW)
    with pytest.raises(PurgeHeld, match=r"gelée depuis le .* réquisition du parquet"):
        resume(lived, ManualClock(NOW))
    row.refresh_from_db()
    assert (row.state, "réquisition" in row.trouble) == (Purge.DECIDED, True)
    with pytest.raises(PurgeHeld, match="réquisition"):
        decide(lived)
    world = world_of(lived, ManualClock(NOW))
    with pytest.raises(PurgeHeld, match="réquisition"):
        purge(Plan((), ("restores/x",)), world, ManualClock(NOW).now)
    assert EXPIRED in MonthKeys(lived).months() and found(lived, MARKER)
    assert release(lived)
    resume(lived, ManualClock(NOW))
    assert found(lived, MARKER) == []


def test_a_purge_resumed_under_a_freeze_finishes_what_is_gone_and_nothing_else(
    lived: Home,
) -> None:
    """A freeze set while it stood half done: its month's key is gone, the rest waits."""
    old = datetime(2024, 12, 3, tzinfo=NOW.tzinfo)
    waits = look(lived, NEW, old, 7)
    look(lived, NEW, NOW - timedelta(days=8), 8)
    (aged := lived.folder("restores") / "vieux").write_text("rien", "utf-8")
    agree(lived)
    decide(lived)
    world = world_of(lived, ManualClock(NOW))
    world.feed.destroy(EXPIRED, NOW)
    hold(lived, "Mme Odile Ferrand", "réquisition", NOW)
    plan = Plan((EXPIRED,), ("restores/vieux",))
    with pytest.raises(PurgeHeld, match="réquisition"):
        purge(plan, world, ManualClock(NOW).now)
    assert set(found(lived, MARKER)) == {"octets log/projector.log", "octets exports/classeur.txt"}
    salts = Salts(Place(lived).salts)
    assert salts.salt(waits) and aged.exists()
    release(lived)
    purge(plan, world, ManualClock(NOW).now)
    assert found(lived, MARKER) == []
    with pytest.raises(SaltUnknown):
        salts.salt(waits)
    assert not aged.exists()


class _HeldAfter:
    """Nothing holds until it was asked ``free`` times."""

    def __init__(self, free: int) -> None:
        self.left = free

    def held(self) -> str | None:
        self.left -= 1
        return "gelée pendant la purge" if self.left < 0 else None


def test_a_freeze_set_between_two_files_keeps_the_second(lived: Home) -> None:
    for name in ("un", "deux"):
        (lived.folder("restores") / name).write_text("x", "utf-8")
    real = world_of(lived, ManualClock(NOW))
    world = World(real.feed, real.proof, real.files, real.copies, _HeldAfter(2))
    with pytest.raises(PurgeHeld, match="pendant la purge"):
        purge(Plan((), ("restores/un", "restores/deux")), world, ManualClock(NOW).now)
    assert [p.name for p in (lived.path / "restores").iterdir()] == ["deux"]


def test_open_copies_are_asked_back_once_and_those_given_back_never(lived: Home) -> None:
    by = Author("essai")
    before = NOW - timedelta(days=9)
    rows = [copies.register("classeur", copies.Source(1, "x", {}, 4), before, by) for _ in range(2)]
    for row in rows:
        copies.made(row, 12, 0, by)
        copies.hand_over(row.pk, "Mme Garance Tissier", before)
    copies.close(rows[1].pk, Copy.DESTROYED, before)
    agree(lived)
    decide(lived)
    ((purged, counts),) = resume(lived, ManualClock(NOW))
    assert counts.recalled == 1
    for row in rows:
        row.refresh_from_db()
    assert rows[0].recalled_why == f"purge des mois {EXPIRED} à {EXPIRED}"
    assert rows[1].recalled_at is None
    again = purge(purged.planned, world_of(lived, ManualClock(NOW)), ManualClock(NOW).now)
    assert again.recalled == 0


def test_nobody_decides_alone_nor_without_a_signature(lived: Home) -> None:
    one, other = two(lived)
    with pytest.raises(NotTwoPeople, match="DPO n'est pas renseigné"):
        decide_on_console(lived, one, other, NOW)
    agree(lived, "establishment")
    account("infirmier", (Role.CAREGIVER, EJ))
    account("ailleurs", (Role.DIRECTION, OTHER))
    for wrong, why in (
        (AtConsole("FERRAND ", other.code), "deux fois le même compte"),
        (AtConsole("infirmier", "1"), "pas un compte de direction"),
        (AtConsole("ailleurs", "1"), "pas un compte de direction"),
        (AtConsole("personne", "1"), "pas un compte de direction"),
    ):
        with pytest.raises(NotTwoPeople, match=why):
            decide_on_console(lived, one, wrong, NOW)
    with pytest.raises(NotSigned, match="journal"):
        decide_on_console(lived, one, other, NOW)
    agree(lived)
    for code in ("", "000000", one.code):
        with pytest.raises(NotTwoPeople, match="n'est pas bon"):
            decide_on_console(lived, two(lived)[0], AtConsole(other.login, code), NOW)
    assert not Purge.objects.exists() and EXPIRED in MonthKeys(lived).months()
    assert decide_on_console(lived, *two(lived), NOW).planned.months == (EXPIRED,)


def test_killed_at_any_boundary_it_finishes_when_run_again(tmp_path: Path) -> None:
    """Each life is killed one durable step later than the last; nothing is said twice."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.retention.killed", str(tmp_path / "home")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["deaths"] >= 12
    assert said["found"] == []
    assert said["told"] == {
        "care.month.forgotten": 1,
        "retention.purge.decided": 1,
        "retention.purged": 1,
    }

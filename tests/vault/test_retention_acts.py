"""« Conservation gelée »: set by one, lifted by two, and nothing is destroyed while it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import timezone

from releve.care.errors import MonthUnknown
from releve.kernel.clock import SystemClock
from releve.kernel.hold import RetentionHeld, check_free, held, hold, release
from releve.kernel.home import Home
from releve.pages.models import Approval, Delegation, SoloUse
from releve.pages.roles import Role
from releve.runtime.care_verbs import forget
from tests.pages.conftest import records
from tests.pages.people import EJ, PersonAtDesk, person
from tests.pages.test_delegations import alone, form, sign

__all__ = ["records"]


def test_the_mark_is_durable_the_first_stands_and_damage_frees_nothing(home: Home) -> None:
    now = SystemClock().now()
    assert held(home) is None
    check_free(home)
    hold(home, "M. Diallo", "rançongiciel", now)
    again = hold(home, "autre", "autre", SystemClock().now())
    assert (again.by, again.why, again.since) == ("M. Diallo", "rançongiciel", now)
    with pytest.raises(RetentionHeld, match="rançongiciel") as raised:
        check_free(home)
    assert "à deux" in raised.value.remedy
    for damage in (b"", b"{}", b'{"since": 3}', b"\xff\xfe"):
        (home.path / "retention/hold.json").write_bytes(damage)
        found = held(home)
        assert found is not None and "ne se lit pas" in found.why
    assert release(home) and not release(home)
    assert held(home) is None


def test_no_month_is_forgotten_while_it_stands(home: Home) -> None:
    hold(home, "M. Diallo", "enquête", SystemClock().now())
    with pytest.raises(RetentionHeld):
        forget(home, "2020-01", SystemClock(), this_month=False)
    release(home)
    with pytest.raises(MonthUnknown):
        forget(home, "2020-01", SystemClock(), this_month=False)


@pytest.fixture
def chief(records: Home) -> PersonAtDesk:
    return person("martin", (Role.DSI, EJ))


@pytest.fixture
def director(records: Home) -> PersonAtDesk:
    return person("diallo", (Role.DIRECTION, EJ))


def _ask(who: PersonAtDesk, kind: str, **answers: str) -> Approval:
    answer = who.client.post(f"/accords/demander/{kind}/", answers)
    assert answer.status_code == 302, answer.content.decode()
    return Approval.objects.latest("created_at")


@pytest.mark.django_db(transaction=True)
def test_one_freezes_alone_under_a_delegation_and_two_lift(
    records: Home, chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    chief.client.post("/delegations/nouvelle/", form(acts=["vault.hold"]))
    assert sign(director, Approval.objects.get()) == 302
    row = _ask(chief, "vault.hold", why="rançongiciel")
    assert alone(chief, row, Delegation.objects.get().pk)[0] == 302
    found = held(records)
    assert found is not None and (found.by, found.why) == ("Mme Martin", "rançongiciel")
    assert SoloUse.objects.get().approval == row
    lift = _ask(chief, "vault.hold.lift", why="enquête finie")
    assert alone(chief, lift, Delegation.objects.get().pk)[0] == 403
    assert held(records) is not None
    assert sign(director, lift) == 302
    assert held(records) is None


@pytest.mark.django_db
def test_a_lift_that_is_not_recorded_lifts_nothing(
    records: Home, chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    """In this test's own transaction nothing is ever committed."""
    hold(records, "x", "y", timezone.now())
    assert sign(director, _ask(chief, "vault.hold.lift", why="z")) == 302
    assert held(records) is not None


@pytest.mark.django_db(transaction=True)
def test_an_approval_lifts_the_freeze_it_names_and_no_other(
    records: Home, chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    first = hold(records, "Mme Martin", "rançongiciel", timezone.now())
    old, older = (_ask(chief, "vault.hold.lift", why="fini") for _ in range(2))
    page = director.client.get(f"/accords/{old.pk}/").content.decode()
    assert "par Mme Martin (rançongiciel)" in page
    release(records)
    assert sign(director, older) >= 400, "nothing to lift any more"
    second = hold(records, "M. Parquet", "réquisition", timezone.now())
    sent = {"digest": old.digest, "code": director.paper()}
    refused = director.client.post(f"/accords/{old.pk}/accorder/", sent)
    said = refused.content.decode().replace("&#x27;", "'")
    assert refused.status_code >= 400 and "n'est plus celui que la demande nomme" in said
    assert held(records) == second
    assert second.mark != first.mark
    old.refresh_from_db()
    assert not release(records, first.mark) and held(records) == second
    assert sign(director, _ask(chief, "vault.hold.lift", why="levée")) == 302
    assert held(records) is None


@pytest.mark.django_db
def test_kits_are_ordered_by_one_person_and_not_once_frozen(
    records: Home, chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    from releve.care.kit import freeze
    from releve.jobs.app.models import Job

    chief.client.post("/delegations/nouvelle/", form(acts=["care.kits.publish"]))
    sign(director, Approval.objects.get())
    row = _ask(chief, "care.kits.publish")
    assert alone(chief, row, Delegation.objects.get().pk)[0] == 302
    job = Job.objects.get()
    assert (job.task.rpartition(".")[2], job.queue) == ("publish_kits", "incident")
    freeze(records, timezone.now(), "crise 1")
    answer = chief.client.post("/accords/demander/care.kits.publish/")
    assert answer.status_code == 200 and "ils sont gelés" in answer.content.decode()


def test_the_mark_lies_where_every_part_reads_it(home: Home) -> None:
    hold(home, "a", "b", SystemClock().now())
    path: Path = home.path / "retention/hold.json"
    assert path.stat().st_mode & 0o777 == 0o644
    assert set(json.loads(path.read_text())) == {"since", "why", "by"}

"""Two persons: what an approval refuses, and that it performs exactly once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from releve.kernel.home import Home
from releve.kernel.perimeter import perimeter
from releve.ledger.app.models import Outbox
from releve.pages import approvals, errors
from releve.pages.approvals import Answer, Person, Right, Waiting
from releve.pages.models import Approval, Grant, Place
from releve.pages.rights import STATION_COOKIE
from releve.pages.roles import Role
from tests.pages.acts import OPEN_WARD
from tests.pages.people import EJ, OTHER, SITE, WARD, PersonAtDesk, account, enrol, person, sit_down

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
TEXT = approvals.canonical(
    id="1",
    kind="essai",
    act={"b": 1, "a": "é"},
    words=["Ceci sera fait."],
    perimeter=perimeter(SITE),
    requester="m",
    expires_at=NOW + timedelta(minutes=30),
)
WAITING = Waiting(
    "waiting",
    TEXT,
    approvals.digest(TEXT),
    perimeter(SITE),
    1,
    "session-1",
    "poste-1",
    NOW + timedelta(minutes=30),
)
BOSS = Right(Role.DIRECTION, perimeter(EJ))
APPROVERS = frozenset({Role.DIRECTION})
GOOD = Answer(Person(2, "session-2", "poste-2", (BOSS,)), WAITING.digest, second_factor=True)


def test_a_good_answer_counts() -> None:
    approvals.check(WAITING, GOOD, approvers=APPROVERS, now=NOW)


@pytest.mark.parametrize(
    ("waiting", "answer", "minutes", "refusal"),
    [
        (WAITING, replace(GOOD, person=replace(GOOD.person, account=1)), 0, errors.SameAccount),
        (
            WAITING,
            replace(GOOD, person=replace(GOOD.person, session="session-1")),
            0,
            errors.SameSession,
        ),
        (
            WAITING,
            replace(GOOD, person=replace(GOOD.person, station="poste-1")),
            0,
            errors.SameSession,
        ),
        (WAITING, replace(GOOD, person=replace(GOOD.person, rights=())), 0, errors.RoleNotAllowed),
        (
            WAITING,
            replace(
                GOOD,
                person=replace(GOOD.person, rights=(Right(Role.DIRECTION, perimeter(WARD)),)),
            ),
            0,
            errors.RoleNotAllowed,
        ),
        (WAITING, replace(GOOD, second_factor=False), 0, errors.SecondFactorMissing),
        (WAITING, replace(GOOD, shown_digest="0" * 64), 0, errors.Altered),
        (replace(WAITING, act=TEXT.replace("Ceci", "Cela")), GOOD, 0, errors.Altered),
        (WAITING, GOOD, 30, errors.Expired),
        (replace(WAITING, state="approved"), GOOD, 0, errors.AlreadyDecided),
        (replace(WAITING, state="refused"), GOOD, 0, errors.AlreadyDecided),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason(
    waiting: Waiting, answer: Answer, minutes: int, refusal: type[errors.ApprovalRefused]
) -> None:
    with pytest.raises(refusal) as raised:
        approvals.check(waiting, answer, approvers=APPROVERS, now=NOW + timedelta(minutes=minutes))
    assert raised.value.remedy


def test_what_is_approved_is_canonical_json() -> None:
    assert json.loads(TEXT)["act"] == {"a": "é", "b": 1}
    assert TEXT.index('"act"') < TEXT.index('"id"') < TEXT.index('"words"')
    assert approvals.parse(TEXT).words == ["Ceci sera fait."]
    for broken in ("", "[]", "{}", TEXT.replace('"kind"', '"king"')):
        with pytest.raises(errors.Altered):
            approvals.parse(broken)


@pytest.fixture(autouse=True)
def _acts(settings: Settings) -> None:
    settings.RELEVE_ACTS = "tests.pages.acts.ACTS"


@pytest.fixture
def asker(records: Home) -> PersonAtDesk:
    return person("martin", (Role.DSI, EJ))


@pytest.fixture
def boss(records: Home) -> PersonAtDesk:
    return person("diallo", (Role.DIRECTION, EJ))


def _ask(asker: PersonAtDesk, ward: str = "CHIR-C") -> Approval:
    answer = asker.client.post(f"/accords/demander/{OPEN_WARD}/", {"ward": ward})
    assert answer.status_code == 302, answer.content.decode()
    return Approval.objects.get()


def _approve(
    client: Client, row: Approval, code: str, digest: str | None = None
) -> tuple[int, str]:
    form = {"code": code, "digest": digest or row.digest}
    answer = client.post(f"/accords/{row.pk}/accorder/", form)
    row.refresh_from_db()
    return answer.status_code, answer.content.decode()


def _done() -> int:
    return Place.objects.filter(perimeter__startswith="fait/").count()


def test_words_and_hash_are_shown_then_the_act_is_performed_once(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    row = _ask(asker)
    page = boss.client.get(f"/accords/{row.pk}/").content.decode()
    assert "Le service CHIR-C sera ouvert." in page
    assert all(row.digest[i : i + 8] in page for i in range(0, 64, 8))
    assert _approve(boss.client, row, boss.six_digits())[0] == 302
    assert (row.state, row.decider, row.outcome) == ("approved", boss.account, "CHIR-C est ouvert.")
    assert _done() == 1
    status, said = _approve(boss.client, row, boss.six_digits(1))
    assert status == 403
    assert "un accord ne sert qu" in said
    assert _done() == 1


def test_a_paper_code_approves_once(asker: PersonAtDesk, boss: PersonAtDesk) -> None:
    paper = boss.paper()
    assert _approve(boss.client, _ask(asker), paper)[0] == 302
    Approval.objects.all().delete()
    status, said = _approve(boss.client, _ask(asker, "CHIR-D"), paper)
    assert status == 403
    assert "il a déjà servi" in said
    assert _done() == 1


def test_six_digits_already_used_do_not_approve(asker: PersonAtDesk, boss: PersonAtDesk) -> None:
    digits = boss.six_digits()
    assert _approve(boss.client, _ask(asker), digits)[0] == 302
    Approval.objects.all().delete()
    assert _approve(boss.client, _ask(asker, "CHIR-D"), digits)[0] == 403
    assert _done() == 1


def test_the_requester_does_not_approve_even_with_both_roles(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    Grant.objects.create(
        account=asker.account, role=Role.DIRECTION, perimeter=EJ, given_at=timezone.now()
    )
    row = _ask(asker)
    status, said = _approve(asker.client, row, asker.six_digits())
    assert (status, row.state) == (403, "waiting")
    assert "une autre personne" in said


def test_another_account_at_the_same_workstation_does_not_approve(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    row = _ask(asker)
    mark = asker.client.cookies[STATION_COOKIE].value
    same_desk = Client()
    same_desk.cookies[STATION_COOKIE] = mark
    sit_down(boss.account, client=same_desk)
    status, said = _approve(same_desk, row, boss.six_digits())
    assert (status, row.state) == (403, "waiting")
    assert "même poste" in said
    assert _approve(boss.client, row, boss.six_digits())[0] == 302


def test_signing_out_and_in_as_another_at_the_same_browser_does_not_help(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    row = _ask(asker)
    asker.client.post("/deconnexion/")
    sit_down(boss.account, client=asker.client)
    assert _approve(asker.client, row, boss.six_digits())[0] == 403
    assert _done() == 0


def test_a_wrong_code_does_not_approve(asker: PersonAtDesk, boss: PersonAtDesk) -> None:
    row = _ask(asker)
    for code in ("000000", asker.six_digits(), asker.paper(), "x" * 20):
        assert _approve(boss.client, row, code)[0] == 403
    assert _done() == 0


def test_guessing_codes_is_stopped(asker: PersonAtDesk, boss: PersonAtDesk) -> None:
    row = _ask(asker)
    for _ in range(6):
        _approve(boss.client, row, "000000")
    assert _approve(boss.client, row, boss.six_digits())[0] == 403
    assert row.state == "waiting"


def test_an_expired_request_is_refused(asker: PersonAtDesk, boss: PersonAtDesk) -> None:
    row = _ask(asker)
    late = timezone.now() - timedelta(seconds=1)
    said = json.loads(row.act) | {"expires_at": late.isoformat(timespec="microseconds")}
    said["expires_at"] = said["expires_at"].replace("+00:00", "Z")
    Approval.objects.update(
        expires_at=late, act=json.dumps(said), digest=approvals.digest(json.dumps(said))
    )
    row.refresh_from_db()
    status, page = _approve(boss.client, row, boss.six_digits())
    assert (status, _done()) == (403, 0)
    assert "périmée" in page


@pytest.mark.parametrize("column", ["act", "perimeter", "kind", "requester", "expires_at"])
def test_a_row_changed_behind_our_back_is_refused(
    asker: PersonAtDesk, boss: PersonAtDesk, column: str
) -> None:
    row = _ask(asker)
    changed: dict[str, object] = {
        "act": row.act.replace("CHIR-C", "CHIR-X"),
        "perimeter": EJ,
        "kind": "compte.role",
        "requester": account("intrus"),
        "expires_at": row.expires_at + timedelta(days=9),
    }
    Approval.objects.update(**{column: changed[column]})
    row.refresh_from_db()
    status, _ = _approve(boss.client, row, boss.six_digits())
    assert status == 403
    assert _done() == 0


def test_an_act_changed_with_its_hash_after_it_was_shown_is_refused(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    row = _ask(asker)
    shown = row.digest
    forged = row.act.replace("CHIR-C", "CHIR-X")
    Approval.objects.update(act=forged, digest=approvals.digest(forged))
    row.refresh_from_db()
    status, said = _approve(boss.client, row, boss.six_digits(), digest=shown)
    assert (status, _done()) == (403, 0)
    assert "empreinte" in said


def test_an_act_whose_words_lie_is_refused(asker: PersonAtDesk, boss: PersonAtDesk) -> None:
    """The hash is right, but the sentences do not say what the act would do."""
    row = _ask(asker)
    said = json.loads(row.act)
    said["act"]["ward"] = "CHIR-X"
    forged = json.dumps(said)
    Approval.objects.update(act=forged, digest=approvals.digest(forged))
    row.refresh_from_db()
    assert _approve(boss.client, row, boss.six_digits())[0] == 403
    assert _done() == 0


@pytest.mark.parametrize(
    ("role", "where"),
    [
        (Role.CRISIS_CELL, EJ),
        (Role.DIRECTION, WARD),
        (Role.DIRECTION, OTHER),
        (Role.CAREGIVER, EJ),
        (Role.AUDITOR, EJ),
    ],
)
def test_a_role_or_perimeter_too_narrow_does_not_approve(
    asker: PersonAtDesk, role: Role, where: str
) -> None:
    row = _ask(asker)
    other = person("roche", (role, where))
    assert _approve(other.client, row, other.six_digits())[0] == 403
    assert other.client.get(f"/accords/{row.pk}/").status_code == 403
    assert _done() == 0


def test_an_approver_without_second_factor_in_the_session_is_sent_to_give_it(
    asker: PersonAtDesk, records: Home
) -> None:
    row = _ask(asker)
    boss = account("diallo", (Role.DIRECTION, EJ))
    browser = sit_down(boss, second_factor=False)
    assert browser.get(f"/accords/{row.pk}/").headers["Location"] == "/compte/application/"
    enrol(boss)
    assert browser.get(f"/accords/{row.pk}/").headers["Location"].startswith("/compte/confirmer")


def test_an_act_that_fails_stays_waiting_and_leaves_nothing(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    row = _ask(asker, "PANNE")
    status, said = _approve(boss.client, row, boss.six_digits())
    assert (status, row.state) == (400, "waiting")
    assert "en panne" in said
    assert not Place.objects.filter(perimeter="moitié").exists()


def test_a_request_says_what_to_mend(asker: PersonAtDesk) -> None:
    answer = asker.client.post(f"/accords/demander/{OPEN_WARD}/", {"ward": "chir"})
    assert "Écrivez-le en majuscules." in answer.content.decode()
    assert not Approval.objects.exists()


def test_refusing_or_withdrawing_closes_the_request(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    for who in (asker, boss):
        Approval.objects.all().delete()
        row = _ask(asker)
        assert who.client.post(f"/accords/{row.pk}/refuser/").status_code == 302
        assert _approve(boss.client, row, boss.six_digits())[0] == 403
        assert (row.state, row.decider) == ("refused", who.account)
    assert _done() == 0


def test_the_ledger_hears_of_requests_answers_and_refusals_without_names(
    asker: PersonAtDesk, boss: PersonAtDesk
) -> None:
    row = _ask(asker)
    _approve(boss.client, row, "000000")
    _approve(boss.client, row, boss.six_digits())
    told = [json.loads(fact.payload) for fact in Outbox.objects.order_by("id")]
    assert [fact["what"] for fact in told] == ["accord.demandé", "accord.écarté", "accord.donné"]
    assert {fact["value"] for fact in told} == {row.digest}
    assert {fact["reality"] for fact in told} == {"simulé"}
    written = " ".join(fact.payload for fact in Outbox.objects.all()).lower()
    assert "martin" not in written
    assert "diallo" not in written

"""Acting alone under a signed delegation: what it permits, who is told, and each refusal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from releve.kernel.home import Home
from releve.kernel.perimeter import perimeter
from releve.kernel.units import PARIS
from releve.ledger.app.models import Outbox
from releve.ledger.evidence import from_json
from releve.pages import approval_desk, approvals, delegation_desk, delegations
from releve.pages.acts import ALONE as ALONE_EFFECTS
from releve.pages.acts import Act, Effect
from releve.pages.approvals import Person
from releve.pages.delegations import Attempt
from releve.pages.errors import DelegationNotLive
from releve.pages.models import Account, Approval, Delegation, Grant, Place, SoloUse
from releve.pages.rights import rights_held
from releve.pages.roles import PRIVILEGED, Role
from tests.pages.acts import ACTS, ALONE, OPEN_WARD
from tests.pages.people import EJ, OTHER, SITE, WARD, PersonAtDesk, person, sit_down

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _acts(settings: Settings) -> None:
    settings.RELEVE_ACTS = "tests.pages.acts.ACTS"


@pytest.fixture
def chief(records: Home) -> PersonAtDesk:
    """The DSI who draws up, and holds the delegation."""
    return person("martin", (Role.DSI, EJ))


@pytest.fixture
def director(records: Home) -> PersonAtDesk:
    return person("diallo", (Role.DIRECTION, EJ))


def form(**changes: object) -> dict[str, object]:
    today = timezone.now().astimezone(PARIS).date()
    return {
        "holders": ["martin"],
        "function": "",
        "acts": [ALONE],
        "cuts": "Internet\n  Wi-Fi  \n",
        "conditions": "Le directeur de garde n'a pas répondu.",
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=300)).isoformat(),
        "hours": "12",
        "perimeter": EJ,
        **changes,
    }


def draw(chief: PersonAtDesk, **changes: object) -> Approval:
    answer = chief.client.post("/delegations/nouvelle/", form(**changes))
    assert answer.status_code == 302, said(answer.content)
    return Approval.objects.latest("created_at")


def sign(director: PersonAtDesk, row: Approval, code: str | None = None) -> int:
    """The direction signs, with a paper code: a TOTP code serves once in its half-minute."""
    sent = {"digest": row.digest, "code": code or director.paper()}
    return director.client.post(f"/accords/{row.pk}/accorder/", sent).status_code


def signed(chief: PersonAtDesk, director: PersonAtDesk, **changes: object) -> Delegation:
    assert sign(director, draw(chief, **changes)) == 302
    return Delegation.objects.latest("pk")


def ask(who: PersonAtDesk, kind: str = ALONE, ward: str = "CHIR-C") -> Approval:
    answer = who.client.post(f"/accords/demander/{kind}/", {"ward": ward})
    assert answer.status_code == 302, said(answer.content)
    return Approval.objects.latest("created_at")


def alone(
    who: PersonAtDesk, row: Approval, number: int = 1, code: str | None = None, digest: str = ""
) -> tuple[int, str]:
    sent = {
        "digest": digest or row.digest,
        "number": str(number),
        "code": who.paper() if code is None else code,
        "why": "personne ne répond",
    }
    answer = who.client.post(f"/accords/{row.pk}/seul/", sent)
    return answer.status_code, said(answer.content)


def said(content: bytes) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content.decode())).split())


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return said(answer.content)


def done() -> int:
    return Place.objects.filter(perimeter__startswith="fait/").count()


def told() -> list[str]:
    return [from_json(row.payload).what for row in Outbox.objects.order_by("pk")]


def test_an_act_named_is_done_alone_told_at_once_and_confirmed_after(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    row = ask(chief)
    shown = page(chief.client, f"/accords/{row.pk}/")
    assert f"Agir seul, sous la délégation n° {delegation.pk}" in shown
    assert "Le directeur de garde n'a pas répondu." in shown
    assert "Le service CHIR-C sera ouvert." in shown
    status, _ = alone(chief, row, delegation.pk)
    assert (status, done()) == (302, 1)
    use = SoloUse.objects.get()
    assert use.confirm_by - use.at == timedelta(hours=12)
    notice = f"Mme Martin a agi sans second accord à {use.at.astimezone(PARIS):%H:%M}"
    assert notice in page(director.client, "/accords/")
    assert notice in page(director.client, "/compte/")
    assert "accord.seul" in told()
    sent = {"digest": row.digest, "code": director.paper(), "answer": "confirm"}
    answer = director.client.post(f"/delegations/usages/{use.pk}/repondre/", sent)
    assert answer.status_code == 302
    use.refresh_from_db()
    assert (use.answered_by, use.contested) == (director.account, False)
    assert notice not in page(director.client, "/accords/")
    assert "● confirmé" in page(director.client, "/delegations/")
    assert told()[-1] == "accord.seul.confirmé"
    assert alone(chief, row, delegation.pk)[0] == 403 and done() == 1


def test_nothing_is_done_alone_without_a_delegation(chief: PersonAtDesk) -> None:
    row = ask(chief)
    assert "Agir seul" not in page(chief.client, f"/accords/{row.pk}/")
    assert alone(chief, row)[0] == 403
    assert done() == 0


def test_an_unsigned_delegation_permits_nothing(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    draw(chief)
    status, why = alone(chief, ask(chief), Delegation.objects.get().pk)
    assert status == 403 and "n'est pas signée" in why
    assert done() == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"starts": "+1"}, "à venir"),
        ({"holders": ["diallo-adjoint"]}, "pas porteur"),
        ({"acts": []}, "ne permet pas cet acte"),
        ({"perimeter": f"{SITE}/CHIR-B"}, "ne couvre pas le périmètre"),
    ],
)
def test_outside_what_is_written_the_act_still_takes_two(
    chief: PersonAtDesk, director: PersonAtDesk, changes: dict[str, object], why: str
) -> None:
    person("diallo-adjoint", (Role.CRISIS_CELL, EJ))
    if "starts" in changes:
        later = timezone.now().astimezone(PARIS).date() + timedelta(days=2)
        changes = {"starts": later.isoformat()}
    delegation = signed(chief, director, **changes)
    row = ask(chief)
    assert "Agir seul" not in page(chief.client, f"/accords/{row.pk}/")
    status, shown = alone(chief, row, delegation.pk)
    assert status == 403 and why in shown
    row.refresh_from_db()
    assert (row.state, done()) == ("waiting", 0)
    assert told()[-1] == "accord.écarté"
    assert sign(director, row) == 302 and done() == 1


def test_past_its_last_day_it_permits_nothing(chief: PersonAtDesk, director: PersonAtDesk) -> None:
    today = timezone.now().astimezone(PARIS).date()
    row = signed(chief, director, ends=today.isoformat())
    stored = delegation_desk.as_stored(row)
    rights = rights_held(chief.account)
    who = Attempt(Person(chief.account.pk, "s", "p", rights), "martin", "", ALONE, perimeter(SITE))
    last = datetime.combine(today, time(23, 59), PARIS)
    roles = ACTS[ALONE].may_request
    assert delegations.check(stored, who, may_request=roles, now=last).number == row.pk
    with pytest.raises(DelegationNotLive, match="échue"):
        delegations.check(stored, who, may_request=roles, now=last + timedelta(minutes=1))
    assert delegation_desk.live(last + timedelta(minutes=1)) == []


@pytest.mark.parametrize("code", ["", "000000"])
def test_no_second_factor_no_act(chief: PersonAtDesk, director: PersonAtDesk, code: str) -> None:
    delegation = signed(chief, director)
    assert alone(chief, ask(chief), delegation.pk, code=code)[0] in (400, 403)
    assert done() == 0 and not SoloUse.objects.exists()


def test_a_second_factor_of_somebody_else_does_not_count(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    assert alone(chief, ask(chief), delegation.pk, code=director.six_digits())[0] == 403
    assert done() == 0


@pytest.mark.parametrize("field", ["act", "digest", "both"])
def test_a_delegation_altered_after_its_signature_is_worth_nothing(
    chief: PersonAtDesk, director: PersonAtDesk, field: str
) -> None:
    delegation = signed(chief, director, acts=[])
    stored = Approval.objects.get(digest=delegation.digest)
    text = stored.act.replace('"acts":[]', f'"acts":[{{"kind":"{ALONE}","title":"x"}}]')
    assert text != stored.act
    changed = {"act": text} if field != "digest" else {"digest": "0" * 64}
    if field == "both":
        changed["digest"] = approvals.digest(text)
    Approval.objects.filter(pk=stored.pk).update(**changed)
    if field == "digest":
        Delegation.objects.update(digest="0" * 64)
    status, why = alone(chief, ask(chief), delegation.pk)
    assert status == 403 and "n'est plus ce que la direction a signé" in why
    assert done() == 0
    assert "altérée" in page(director.client, "/delegations/")
    assert delegation_desk.live(timezone.now()) == []


def test_the_direction_revokes_at_once(chief: PersonAtDesk, director: PersonAtDesk) -> None:
    delegation = signed(chief, director)
    row = ask(chief)
    assert chief.client.post(f"/delegations/{delegation.pk}/revoquer/").status_code == 403
    director.client.post(f"/delegations/{delegation.pk}/revoquer/")
    status, why = alone(chief, row, delegation.pk)
    assert status == 403 and "révoquée" in why
    assert done() == 0 and "délégation.révoquée" in told()


def test_a_holder_without_the_role_does_nothing(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    row = ask(chief)
    Grant.objects.filter(account=chief.account).update(role=Role.DIRECTION)
    status, why = alone(chief, row, delegation.pk)
    assert status == 403 and "Votre rôle" in why
    assert done() == 0


def test_a_function_holds_it_whoever_bears_it(chief: PersonAtDesk, director: PersonAtDesk) -> None:
    delegation = signed(chief, director, holders=[], function="Astreinte  informatique")
    night, other = person("nuit", (Role.CRISIS_CELL, EJ)), person("jour", (Role.CRISIS_CELL, EJ))
    Account.objects.filter(pk=night.account.pk).update(function="astreinte informatique")
    assert alone(other, ask(other), delegation.pk)[0] == 403
    assert alone(night, ask(night), delegation.pk)[0] == 302
    assert done() == 1


def test_what_always_takes_two_cannot_be_delegated_nor_done_alone(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    refused = chief.client.post("/delegations/nouvelle/", form(acts=[OPEN_WARD]))
    assert refused.status_code == 200 and not Delegation.objects.exists()
    delegation = signed(chief, director)
    row = ask(chief, OPEN_WARD)
    assert "Agir seul" not in page(chief.client, f"/accords/{row.pk}/")
    status, why = alone(chief, row, delegation.pk)
    assert status == 403 and "toujours à deux" in why
    assert done() == 0


def test_nobody_acts_alone_on_the_request_of_another(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    other = person("roche", (Role.DSI, EJ))
    assert alone(chief, ask(other), delegation.pk)[0] == 403
    assert done() == 0


def test_the_words_that_were_shown_are_those_that_are_done(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    row = ask(chief)
    assert alone(chief, row, delegation.pk, digest="0" * 64)[0] == 403
    Approval.objects.filter(pk=row.pk).update(act=row.act.replace("CHIR-C", "CHIR-D"))
    assert alone(chief, row, delegation.pk)[0] == 403
    assert done() == 0


def test_an_act_that_fails_leaves_nothing_half_done(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    row = ask(chief, ward="PANNE")
    assert alone(chief, row, delegation.pk)[0] == 400
    row.refresh_from_db()
    assert row.state == "waiting"
    assert not SoloUse.objects.exists() and not Place.objects.filter(perimeter="moitié").exists()


def test_a_signature_takes_another_person_the_direction_and_no_holder(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    given = {"role": Role.CRISIS_CELL, "perimeter": EJ, "given_at": timezone.now()}
    Grant.objects.create(account=director.account, **given)
    row = draw(chief, holders=["diallo"])
    other = person("roche", (Role.DSI, EJ))
    assert chief.client.get(f"/accords/{row.pk}/").status_code == 200
    assert sign(other, row) == 403
    assert sign(director, row) == 403
    assert Delegation.objects.get().signed_at is None
    assert sign(person("sauret", (Role.DIRECTION, EJ)), row) == 302


def test_two_accounts_at_one_keyboard_sign_nothing(chief: PersonAtDesk, records: Home) -> None:
    boss = person("diallo", (Role.DIRECTION, EJ))
    row = draw(chief)
    keyboard = PersonAtDesk(boss.account, sit_down(boss.account, client=chief.client), boss.secret)
    assert sign(keyboard, row) == 403


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"holders": [], "function": " "}, "personne n'est nommé"),
        ({"acts": [], "cuts": " \n"}, "rien n'est délégué"),
        ({"ends": "2021-01-01", "starts": "2020-12-01"}, "la fin est passée"),
        ({"ends": "2099-01-01"}, "plus d'un an"),
        ({"perimeter": f"{WARD}/a"}, "n'est pas un périmètre"),
        ({"cuts": "a" * 121}, "trop longue"),
    ],
)
def test_a_delegation_badly_drawn_is_refused_with_its_remedy_and_takes_no_number(
    chief: PersonAtDesk, changes: dict[str, object], why: str
) -> None:
    answer = chief.client.post("/delegations/nouvelle/", form(**changes))
    assert answer.status_code == 200 and why in said(answer.content)
    assert not Delegation.objects.exists() and not Approval.objects.exists()


def test_a_late_confirmation_is_red_counted_and_stays_late(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    row = ask(chief)
    alone(chief, row, delegation.pk)
    past = timezone.now() - timedelta(minutes=1)
    SoloUse.objects.update(confirm_by=past)
    listed = director.client.get("/delegations/").content.decode()
    assert '<td class="alarm">' in listed and "○ 1 confirmation en retard" in said(listed.encode())
    use = SoloUse.objects.get()
    sent = {"digest": row.digest, "code": director.paper(), "answer": "confirm"}
    director.client.post(f"/delegations/usages/{use.pk}/repondre/", sent)
    assert "◐ confirmé, en retard" in page(director.client, "/delegations/")


def test_the_one_who_acted_cannot_confirm_and_a_contest_needs_words(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    row = ask(chief)
    alone(chief, row, delegation.pk)
    use = SoloUse.objects.get()
    address = f"/delegations/usages/{use.pk}/repondre/"
    mine = {"digest": row.digest, "code": chief.paper(), "answer": "confirm"}
    assert chief.client.post(address, mine).status_code == 403
    cell = person("cellule", (Role.CRISIS_CELL, EJ))
    theirs = {"digest": row.digest, "code": cell.paper(), "answer": "confirm"}
    assert cell.client.post(address, theirs).status_code == 403
    contest = {"digest": row.digest, "code": director.paper(), "answer": "contest"}
    assert director.client.post(address, contest).status_code == 400
    hostile = "<script>alert(1)</script>"
    answer = director.client.post(address, {**contest, "contest": hostile})
    assert answer.status_code == 302
    body = director.client.get(f"/delegations/usages/{use.pk}/").content.decode()
    assert "&lt;script&gt;" in body and "<script>alert" not in body
    assert "○ contesté" in page(director.client, "/delegations/")
    assert told()[-1] == "accord.seul.contesté"
    assert director.client.post(address, {**contest, "answer": "confirm"}).status_code == 403


def test_a_year_is_a_year_and_a_refused_one_was_never_signed(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    today = timezone.now().astimezone(PARIS).date()
    a_year = {"starts": "2028-02-29", "ends": "2029-03-01"}
    assert draw(chief, **a_year)
    longer = form(starts=today.isoformat(), ends=(today + timedelta(days=367)).isoformat())
    assert "plus d'un an" in said(chief.client.post("/delegations/nouvelle/", longer).content)
    row = draw(chief)
    director.client.post(f"/accords/{row.pk}/refuser/")
    assert "jamais signée" in page(
        chief.client, f"/delegations/{Delegation.objects.latest('pk').pk}/"
    )


def test_what_is_typed_is_signed_as_it_is_seen(chief: PersonAtDesk) -> None:
    row = draw(chief, conditions="si\u202eoui\x07\n ou <b>", cuts="A\u200bB")
    body = chief.client.get(f"/accords/{row.pk}/").content.decode()
    assert "\u202e" not in body and "\\u202eoui\\u0007 ou &lt;b&gt;" in body
    assert "A\\u200bB" in body


def test_the_letter_says_the_signed_words_and_their_hash(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    row = draw(chief)
    number = Delegation.objects.get().pk
    assert "PROJET, NON SIGNÉ" in page(chief.client, f"/delegations/{number}/lettre/")
    sign(director, row)
    letter = page(chief.client, f"/delegations/{number}/lettre/")
    assert all(row.digest[i : i + 8] in letter for i in range(0, 64, 8))
    assert "PROJET" not in letter and "Signée dans Relève par Mme Diallo" in letter
    for words in approval_desk.words_of(Approval.objects.get()):
        assert words in letter


def test_the_binder_gets_plain_rows(chief: PersonAtDesk, director: PersonAtDesk) -> None:
    delegation = signed(chief, director)
    (row,) = delegation_desk.live(timezone.now())
    assert (row.number, row.who, row.acts) == (
        delegation.pk,
        "Mme Martin",
        ("Ouvrir un service, seul",),
    )
    assert (row.cuts, row.signed_by, row.hours) == (("Internet", "Wi-Fi"), "Mme Diallo", 12)
    assert row.digest == delegation.digest


def test_another_entity_and_other_roles_see_nothing_of_it(
    chief: PersonAtDesk, director: PersonAtDesk
) -> None:
    delegation = signed(chief, director)
    alone(chief, ask(chief), delegation.pk)
    for role in Role:
        stranger = person(f"autre-{role}", (role, OTHER)).client
        assert stranger.get("/delegations/").status_code == 403
        assert "a agi sans second" not in page(stranger, "/compte/")
    nurse = person("infirmiere", (Role.CAREGIVER, WARD)).client
    assert nurse.get("/delegations/").status_code == 403
    assert "a agi sans second" not in page(nurse, "/compte/")


@pytest.mark.parametrize("effect", [None, *(set(Effect) - ALONE_EFFECTS)])
def test_an_act_that_takes_two_cannot_even_be_built_solo(effect: Effect | None) -> None:
    with pytest.raises(ValueError, match="ne peut pas être fait seul"):
        replace(ACTS[ALONE], effect=effect)
    with pytest.raises(ValueError, match="ne peut pas être fait seul"):
        replace(ACTS[OPEN_WARD], effect=effect, free_at="crisis")


def test_the_real_table_never_lets_one_person_give_rights_or_shorten_retention() -> None:
    from releve.pages.grants import GIVE_ROLE
    from releve.vault.app.retention_acts import LIFT
    from releve.web.acts import ACTS as REAL

    table: dict[str, Act] = dict(REAL)
    assert all(act.effect is not None for act in table.values())
    for kind, act in table.items():
        assert not (act.solo or act.free_at) or act.effect in ALONE_EFFECTS, kind
        assert act.may_approve <= PRIVILEGED, kind
    assert not any(table[kind].solo for kind in (GIVE_ROLE, LIFT, delegation_desk.SIGN))
    assert {kind for kind, act in table.items() if act.solo} == {
        "incident.open", "vault.hold", "care.kits.publish", "vault.restore",
    }  # fmt: skip

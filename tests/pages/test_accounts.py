"""Coming in and opening accounts: codes used once, the first administrator, the second look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from releve.kernel.home import Home
from releve.pages import codes, grants
from releve.pages.errors import CodeRefused, OutsidePerimeter
from releve.pages.models import Account, Approval, Grant, OneTimeCode, Place
from releve.pages.rights import rights_held
from releve.pages.roles import Role
from tests.pages.people import EJ, PASSWORD, SITE, WARD, account, person

FORM = {
    "name": "Mme Martin",
    "login": "claire.martin",
    "password": PASSWORD,
    "entity": EJ,
    "entity_name": "CH de Valbrume",
}


@pytest.fixture
def unborn(records: Home) -> str:
    """No account yet; the first administrator's code."""
    Place.objects.all().delete()
    code = codes.issue_first_access(timezone.now())
    assert code is not None
    return code


def test_only_the_hash_of_a_code_is_kept(unborn: str) -> None:
    row = OneTimeCode.objects.get()
    assert unborn.replace("-", "") not in "".join(str(value) for value in vars(row).values())
    assert len(unborn.replace("-", "")) == 20


def test_the_first_administrator_is_dsi_of_the_entity(unborn: str) -> None:
    browser = Client()
    answer = browser.post("/premier-acces/", {**FORM, "code": unborn.lower().replace("-", " ")})
    assert answer.status_code == 302, answer.content.decode()
    made = Account.objects.get()
    assert [(g.role, g.perimeter) for g in made.grants.all()] == [("dsi", EJ)]
    assert browser.get("/").headers["Location"] == "/compte/application/"
    assert set(Place.objects.values_list("perimeter", flat=True)) >= {EJ, SITE}


@pytest.mark.parametrize("change", ["code", "entity", "password", "login"])
def test_a_bad_answer_burns_nothing(unborn: str, change: str) -> None:
    bad = {
        "code": "0000-0000-0000-0000-0000",
        "entity": "750712184",  # the number of a real place: refused in a drill
        "password": "court",
        "login": "é è",
    }
    browser = Client()
    answer = browser.post("/premier-acces/", {**FORM, "code": unborn, change: bad[change]})
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()
    assert not Account.objects.exists()
    assert not Place.objects.exists()
    assert browser.post("/premier-acces/", {**FORM, "code": unborn}).status_code == 302


def test_the_code_is_used_once_and_the_door_then_shuts(unborn: str) -> None:
    Client().post("/premier-acces/", {**FORM, "code": unborn})
    again = Client().post("/premier-acces/", {**FORM, "code": unborn, "login": "intrus"})
    assert (again.status_code, again.headers["Location"]) == (302, "/")
    assert Account.objects.count() == 1
    with pytest.raises(CodeRefused):
        codes.use_first_access(unborn, timezone.now())
    assert codes.issue_first_access(timezone.now()) is None


def test_an_old_code_and_a_replaced_code_open_nothing(unborn: str) -> None:
    with pytest.raises(CodeRefused):
        codes.use_first_access(unborn, timezone.now() + codes.FIRST_ACCESS_LIFE)
    codes.issue_first_access(timezone.now())
    with pytest.raises(CodeRefused):
        codes.use_first_access(unborn, timezone.now())


@pytest.mark.parametrize("far", ["192.0.2.7", "10.0.0.3", "2001:db8::1", "", "127.0.0.1, 10.0.0.3"])
def test_before_the_first_administrator_only_this_machine_is_answered(
    unborn: str, far: str
) -> None:
    remote = Client(REMOTE_ADDR=far, HTTP_X_FORWARDED_FOR="127.0.0.1")
    for address in ("/", "/premier-acces/", "/connexion/", "/activation/"):
        assert remote.get(address).status_code == 403, address
    assert remote.post("/premier-acces/", {**FORM, "code": unborn}).status_code == 403
    assert Client(REMOTE_ADDR="::1").get("/premier-acces/").status_code == 200
    Client().post("/premier-acces/", {**FORM, "code": unborn})
    assert remote.get("/connexion/").status_code == 200


def test_an_activation_code_opens_its_own_account_once(records: Home) -> None:
    made, code = grants.open_account(login="Paul.Diallo", name="M. Diallo", function="cadre")
    _, other = grants.open_account(login="anne.roche", name="Mme Roche", function="")
    form = {"login": "paul.diallo", "password": PASSWORD}
    assert "n'ouvre rien" in _text(Client().post("/activation/", {**form, "code": other}))
    assert Client().post("/activation/", {**form, "code": code}).status_code == 302
    made.refresh_from_db()
    assert made.check_password(PASSWORD)
    assert "n'ouvre rien" in _text(Client().post("/activation/", {**form, "code": code}))


def test_guessing_activation_codes_is_slowed(records: Home) -> None:
    account("quelqu'un")
    form = {"login": "paul", "code": "0000", "password": PASSWORD}
    last = [Client().post("/activation/", form).status_code for _ in range(32)][-1]
    assert last == 429


def test_a_forgotten_password_is_renewed_on_the_console_and_drops_old_factors(
    records: Home,
) -> None:
    who = person("martin", (Role.DSI, EJ))
    code = grants.renew_on_console("martin", forgotten=True, now=timezone.now())
    form = {"login": "martin", "code": code, "password": "cinq autres mots choisis"}
    browser = Client()
    assert browser.post("/activation/", form).status_code == 302
    who.account.refresh_from_db()
    assert not Authenticator.objects.filter(user=who.account).exists()
    assert browser.get("/").headers["Location"] == "/compte/application/"


def test_one_second_person_is_named_alone_then_a_second_look_is_needed(records: Home) -> None:
    admin = person("martin", (Role.DSI, EJ))
    second, third = account("diallo"), account("roche")
    form = {"role": "direction", "perimeter": EJ}
    admin.client.post(f"/comptes/{second.pk}/role/", form)
    assert Grant.objects.filter(account=second, role="direction").exists()
    admin.client.post(f"/comptes/{third.pk}/role/", {**form, "role": "cellule"})
    assert not Grant.objects.filter(account=third).exists()
    assert Approval.objects.get().kind == "compte.role"


def test_withdrawing_the_second_person_does_not_reopen_the_exception(records: Home) -> None:
    admin = person("martin", (Role.DSI, EJ))
    second = account("diallo", (Role.DIRECTION, EJ))
    grants.withdraw(Grant.objects.get(account=second), rights_held(admin.account))
    assert grants.takes_second_look(Role.DSI, admin.account)
    assert not grants.takes_second_look(Role.CAREGIVER, admin.account)


def test_the_last_administrator_cannot_leave(records: Home) -> None:
    admin = person("martin", (Role.DSI, EJ))
    address = f"/comptes/{admin.account.pk}/role/{Grant.objects.get().pk}/"
    assert "dernier DSI" in _text(admin.client.post(address))
    assert Grant.objects.get().revoked_at is None


def test_an_approved_role_is_given(records: Home) -> None:
    admin, boss = person("martin", (Role.DSI, EJ)), person("diallo", (Role.DIRECTION, EJ))
    third = account("roche")
    admin.client.post(f"/comptes/{third.pk}/role/", {"role": "cellule", "perimeter": EJ})
    row = Approval.objects.get()
    form = {"digest": row.digest, "code": boss.six_digits()}
    assert boss.client.post(f"/accords/{row.pk}/accorder/", form).status_code == 302
    assert [g.role for g in third.grants.all()] == ["cellule"]


@pytest.mark.parametrize("where", [EJ, SITE, "990000044", f"{SITE}/URG"])
def test_nobody_gives_a_right_outside_their_own_perimeter(records: Home, where: str) -> None:
    admin = person("martin", (Role.DSI, WARD))
    someone = account("diallo")
    form = {"role": "soignant", "perimeter": where}
    answer = admin.client.post(f"/comptes/{someone.pk}/role/", form)
    assert answer.status_code == 403
    assert not someone.grants.exists()
    with pytest.raises(OutsidePerimeter):
        grants.withdraw(
            Grant(account=someone, role="soignant", perimeter=where), rights_held(admin.account)
        )


def test_a_session_left_alone_ends(records: Home, settings: Settings) -> None:
    settings.SESSION_COOKIE_AGE = -1
    admin = person("martin", (Role.DSI, EJ))
    answer = admin.client.post("/comptes/nouveau/", {"name": "x", "login": "xy"})
    assert answer.headers["Location"].startswith("/connexion/")
    assert not Account.objects.filter(login="xy").exists()


def test_a_form_from_elsewhere_is_refused(records: Home) -> None:
    person("martin", (Role.DSI, EJ))
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/connexion/", {"login": "martin", "password": PASSWORD}).status_code == 403


def test_guessing_a_password_is_stopped(records: Home) -> None:
    person("martin", (Role.DSI, EJ))
    said = [
        _text(Client().post("/connexion/", {"login": "martin", "password": "faux"}))
        for _ in range(7)
    ]
    assert "Trop de tentatives" in said[-1]
    right = Client().post("/connexion/", {"login": "martin", "password": PASSWORD})
    assert right.status_code == 200


def test_the_cookie_of_a_session_is_not_readable_by_scripts(records: Home) -> None:
    browser = person("martin", (Role.DSI, EJ)).client
    browser.get("/comptes/")
    for name in ("releve_session", "releve_poste"):
        assert browser.cookies[name]["httponly"], name


def test_an_expired_activation_code_opens_nothing(records: Home) -> None:
    made, code = grants.open_account(login="diallo", name="M. Diallo", function="")
    with pytest.raises(CodeRefused):
        codes.use_activation(made, code, timezone.now() + timedelta(days=8))


def _text(answer: object) -> str:
    content: bytes = answer.content  # type: ignore[attr-defined]
    return content.decode().replace("&#x27;", "'")

"""Every address × every role × (entity, site, ward, other entity), against the declared matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from releve.care.views import Views, views_path
from releve.drill.app.models import Action
from releve.drill.field.exercise import State
from releve.establishment import load
from releve.establishment.imports.documents import gather, keep
from releve.establishment.imports.pending import deposit
from releve.establishment.procedures import listed
from releve.incident import Author
from releve.incident.app.desk import open_crisis
from releve.incident.gates import gates_of
from releve.incident.steps import first_steps
from releve.kernel.home import Home
from releve.pages.models import Account, Approval, Grant
from releve.pages.rights import rights_of
from releve.pages.roles import EVERYONE, PRIVILEGED, PROOF_READERS, Role
from releve.runtime import tls
from releve.runtime.addresses import parse
from releve.runtime.ledger import open_ledger
from tests.care.messages import a01, a28
from tests.care.pages.hospital import B01, ELISE, fill
from tests.drill.field.sample import written
from tests.pages.people import EJ, OTHER, SITE, WARD, account, enrol, person, sit_down
from tests.web.delegated import delegation_used
from tests.web.samples import evidence

LEVELS = {"entity": EJ, "site": SITE, "ward": WARD, "other": OTHER}
ALL, ENTITY = frozenset(LEVELS), frozenset({"entity"})
DSI = frozenset({Role.DSI})
APPROVERS = frozenset({Role.DIRECTION, Role.DSI})
MACHINE_READERS = PRIVILEGED | {Role.AUDITOR}
HERE = frozenset({"entity", "site", "ward"})
CARE = frozenset({Role.CAREGIVER})
CRISIS_WRITERS = PRIVILEGED | CARE

#: Name of the address → the roles and the levels at which it opens. The sample account, request and
#: entry it is about all lie at the level of the entity; the sample patient is in the ward.
MATRIX: dict[str, tuple[frozenset[Role], frozenset[str]]] = {
    "today": (EVERYONE, ALL),
    "events": (EVERYONE, ALL),
    "reach": (EVERYONE, ALL),
    "proofs": (PROOF_READERS, ALL),
    "proof": (PROOF_READERS, ENTITY),
    "approvals": (PRIVILEGED, ALL),
    "approval_ask": (frozenset(), ALL),
    "approval": (APPROVERS, ENTITY),
    "approval_approve": (APPROVERS, ENTITY),
    "approval_refuse": (APPROVERS, ENTITY),
    "approval_alone": (APPROVERS, ENTITY),
    "delegations": (MACHINE_READERS, ENTITY),
    "delegation_new": (DSI, ENTITY),
    "delegation": (MACHINE_READERS, ENTITY),
    "delegation_letter": (MACHINE_READERS, ENTITY),
    "delegation_revoke": (frozenset({Role.DIRECTION}), ENTITY),
    "delegation_use": (MACHINE_READERS, ENTITY),
    "delegation_answer": (PRIVILEGED, ENTITY),
    "machines": (MACHINE_READERS, ENTITY),
    "machine": (MACHINE_READERS, ENTITY),
    "patients": (CARE, ALL),
    "patient_search": (CARE, ALL),
    "patients_found": (CARE, ALL),
    "quarantine": (CARE | DSI, ENTITY),
    "ward": (CARE, HERE),
    "ward_live": (CARE, HERE),
    "ward_unnamed": (CARE, ENTITY),
    "patient": (CARE, HERE),
    "patient_live": (CARE, HERE),
    "crisis": (EVERYONE, HERE),
    "crisis_open": (CRISIS_WRITERS, ENTITY),
    "crisis_write": (CRISIS_WRITERS, ENTITY),
    "crisis_step": (CRISIS_WRITERS, ENTITY),
    "crisis_give": (CRISIS_WRITERS, ENTITY),
    "crisis_know": (CRISIS_WRITERS, ENTITY),
    "crisis_cut": (CRISIS_WRITERS, ENTITY),
    "crisis_told": (CRISIS_WRITERS, ENTITY),
    "crisis_log": (CRISIS_WRITERS | {Role.AUDITOR}, ENTITY),
    "crisis_gate": (PRIVILEGED, ENTITY),
    "crisis_close": (PRIVILEGED, ENTITY),
    "crisis_reopen": (PRIVILEGED, ENTITY),
    "field": (EVERYONE, ALL),
    "field_alarm": (EVERYONE, ALL),
    "field_prepare": (PRIVILEGED, ENTITY),
    "field_weights": (PRIVILEGED, ENTITY),
    "field_paper": (PRIVILEGED, ENTITY),
    "field_code": (PRIVILEGED, ENTITY),
    "field_move": (PRIVILEGED, ENTITY),
    "field_hand": (PRIVILEGED, ENTITY),
    "field_real": (PRIVILEGED, ENTITY),
    "field_hours": (PRIVILEGED, ENTITY),
    "field_attendance": (PRIVILEGED, ENTITY),
    "field_debrief": (PRIVILEGED, ENTITY),
    "field_sign": (PRIVILEGED, ENTITY),
    "field_action_close": (PRIVILEGED, ENTITY),
    "field_exercise": (MACHINE_READERS, ENTITY),
    "field_report": (MACHINE_READERS, ENTITY),
    "field_report_file": (MACHINE_READERS, ENTITY),
    "field_place": (CRISIS_WRITERS, HERE),
    "field_place_real": (CRISIS_WRITERS, HERE),
    "retention": (PROOF_READERS, ENTITY),
    "retention_line": (PROOF_READERS, ENTITY),
    "retention_dpo": (APPROVERS, ENTITY),
    "retention_purge": (APPROVERS, ENTITY),
    "binder": (CRISIS_WRITERS | {Role.AUDITOR}, ENTITY),
    "binder_make": (CRISIS_WRITERS, ENTITY),
    "copies": (CRISIS_WRITERS | {Role.AUDITOR}, ENTITY),
    "copy_act": (CRISIS_WRITERS, ENTITY),
    "copies_recall": (PRIVILEGED, ENTITY),
    "establishment": (MACHINE_READERS, ALL),
    "establishment_recovery": (MACHINE_READERS, ALL),
    "blue_plans": (PRIVILEGED, ALL),
    "blue_plan": (PRIVILEGED, frozenset({"entity", "site"})),
    "blue_plan_file": (PRIVILEGED, frozenset({"entity", "site"})),
    "interviews": (EVERYONE, ALL),
    "interview": (CRISIS_WRITERS, HERE),
    "interview_needs": (CRISIS_WRITERS, HERE),
    "interview_read": (CRISIS_WRITERS, HERE),
    "interview_forget": (CRISIS_WRITERS, HERE),
    "degraded_sheet": (EVERYONE, HERE),
    "bia": (MACHINE_READERS, ENTITY),
    "bia_csv": (MACHINE_READERS, ENTITY),
    "contradictions": (APPROVERS, ENTITY),
    "contradiction_accept": (APPROVERS, ENTITY),
    "contradiction_keep": (APPROVERS, ENTITY),
    "crisis_contacts": (PRIVILEGED, ENTITY),
    "imports": (APPROVERS, ENTITY),
    "import_preview": (APPROVERS, ENTITY),
    "people": (APPROVERS, ENTITY),
    "person": (APPROVERS, ENTITY),
    "procedures": (EVERYONE, HERE),
    "procedure": (EVERYONE, HERE),
    "accounts": (DSI, ALL),
    "account_new": (DSI, ALL),
    "account": (DSI, ENTITY),
    "account_give": (DSI, ENTITY),
    "account_withdraw": (DSI, ENTITY),
    "account_code": (DSI, ENTITY),
}
#: About the account itself: any account, even without a role.
OWN = {
    "mfa_index",
    "account_change_password",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
}
#: Open before signing in.
OPEN = {
    "first_access",
    "activation",
    "account_login",
    "account_logout",
    "account_inactive",
    "mfa_authenticate",
    "language",
    "authority",
    "observer_enter",
    "observer",
    "observer_real",
    "observer_alarm",
}
#: Open to a token, never to an account.
BY_TOKEN = {"metrics"}
#: There is no sign-up.
CLOSED = {"account_signup"}
#: Passkeys: nothing there when the page was reached by IP.
BY_NAME = {
    "mfa_login_webauthn",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn",
}
POSTED = {
    "approval_approve",
    "approval_refuse",
    "approval_alone",
    "delegation_revoke",
    "delegation_answer",
    "account_new",
    "account_give",
    "account_withdraw",
    "account_code",
    "language",
    "patient_search",
    "crisis_open",
    "crisis_write",
    "crisis_step",
    "crisis_give",
    "crisis_know",
    "crisis_cut",
    "crisis_told",
    "crisis_gate",
    "crisis_close",
    "crisis_reopen",
    "field_code",
    "field_move",
    "field_hand",
    "field_real",
    "field_sign",
    "field_action_close",
    "field_place_real",
    "observer_real",
    "retention_dpo",
    "retention_purge",
    "blue_plan_file",
    "interview_forget",
    "contradiction_accept",
    "contradiction_keep",
    "binder_make",
    "copy_act",
    "copies_recall",
}
BY_IP = "127.0.0.1:8000"
VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
_LIVE = re.compile(r'"(/patients/dossier/[^"]+/direct/[^"]+)"')


def _patterns(within: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in within:
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns)
        else:
            yield each


def test_every_address_declares_its_rights_and_stands_in_the_matrix() -> None:
    names = set()
    for pattern in _patterns(get_resolver().url_patterns):
        assert rights_of(pattern.callback) is not None, pattern
        assert pattern.name is not None, pattern
        names.add(pattern.name)
    assert names == {*MATRIX, *OWN, *OPEN, *BY_TOKEN, *CLOSED, *BY_NAME}


@pytest.fixture
def addresses(records: Home) -> dict[str, str]:
    """The address of each name, about a sample account, request, entry and crisis of the entity,
    and a patient of the ward.
    """
    now = timezone.now()
    tls.prepare(records, [parse("127.0.0.2")], now)
    _, valbrume = load(records, VALBRUME, now)
    exercise = written(valbrume, State.ENDED)
    place = exercise.places.get(code="CHIR-B")
    fill(records, [a28(ELISE), a01(ELISE, B01, "1")])
    crisis = open_crisis(Author("essai"), "", now).pk
    key = Views(views_path(records)).find("DUPONT")[0].key
    with open_ledger(records) as ledger:
        ledger.append(evidence("vault.alarm", 1, value=3, unit="fichiers"))
    subject = account("sujet", (Role.CAREGIVER, EJ), opened=False)
    account("directeur", (Role.DIRECTION, EJ))
    form = {"role": "cellule", "perimeter": EJ}
    asker = person("demandeur", (Role.DSI, EJ))
    assert asker.client.post(f"/comptes/{subject.pk}/role/", form).status_code == 302
    asked = Approval.objects.get()
    number, use = delegation_used(records)
    arguments: dict[str, list[object]] = {
        "proof": [1],
        "approval_ask": ["compte.role"],
        "approval": [asked.pk],
        "approval_approve": [asked.pk],
        "approval_refuse": [asked.pk],
        "approval_alone": [asked.pk],
        "delegation": [number],
        "delegation_letter": [number],
        "delegation_revoke": [number],
        "delegation_use": [use],
        "delegation_answer": [use],
        "machine": ["PC-LABO-04"],
        "patients_found": ["sans-sceau"],
        "ward": ["CHIR-B"],
        **{
            name: ["CHIR-B"]
            for name in (
                "interview",
                "interview_needs",
                "interview_read",
                "interview_forget",
                "degraded_sheet",
            )
        },
        "blue_plan": ["990000028"],
        "blue_plan_file": ["990000028"],
        "contradiction_accept": ["sans-cle"],
        "contradiction_keep": ["sans-cle"],
        "ward_live": ["CHIR-B"],
        "patient": [key],
        "patient_live": [key, "sans-sceau"],
        "retention_line": ["care.journal"],
        "crisis_log": [crisis],
        "copy_act": [1],
        "crisis_reopen": [crisis],
        "crisis_step": [first_steps()[0].slug],
        "crisis_know": ["rancon"],
        "crisis_cut": ["internet"],
        "crisis_gate": [gates_of(records)[0].slug],
        "field_paper": [exercise.pk, "affiche"],
        "field_code": [exercise.pk, place.pk],
        "field_report_file": [exercise.pk, "json"],
        "field_place": [exercise.pk, place.code],
        "field_place_real": [exercise.pk, place.code],
        "field_action_close": [Action.objects.get().pk],
        "account": [subject.pk],
        "import_preview": [deposit(records, "staff", "x.csv", b"Nom\nMARTIN", now, {})],
        "person": ["P0001"],
        "procedure": [_procedure(records)],
        "account_give": [subject.pk],
        "account_code": [subject.pk],
        "account_withdraw": [subject.pk, Grant.objects.get(account=subject).pk],
        "mfa_edit_webauthn": [1],
        "mfa_remove_webauthn": [1],
    }
    for name in MATRIX:
        if name.startswith("field_") and name not in (
            "field_prepare",
            "field_weights",
            "field_alarm",
        ):
            arguments.setdefault(name, [exercise.pk])
    names = [*MATRIX, *OWN, *OPEN, *BY_TOKEN, *CLOSED, *BY_NAME]
    return {name: reverse(name, args=arguments.get(name)) for name in names}


def _procedure(home: Home) -> str:
    """The name of one that is kept."""
    given = [("Panne.txt", b"Prendre le dossier papier.")]
    keep(home, gather(home, given, None, timezone.now()))
    return listed(home)[0].sha256


def _status(browser: Client, name: str, address: str) -> tuple[int, str]:
    """Status and redirection of a try that leaves no trace."""
    send = browser.post if name in POSTED else browser.get
    with transaction.atomic():
        if name == "patient_live":  # its address is in the file's page, for who could open it
            page = browser.get(address.partition("direct/")[0], headers={"host": BY_IP})
            found = _LIVE.search(page.content.decode())
            address = found.group(1) if found else address
        answer = send(address, headers={"host": BY_IP})
        transaction.set_rollback(True)
    return answer.status_code, answer.headers.get("Location", "")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("level", LEVELS)
def test_an_account_opens_its_pages_and_no_other(
    addresses: dict[str, str], role: Role, level: str
) -> None:
    reader = person("lecteur", (role, LEVELS[level])).client
    wrong = []
    for name, (roles, levels) in MATRIX.items():
        status, location = _status(reader, name, addresses[name])
        opens = status != 403 and not location.startswith("/connexion/")
        if opens is not (role in roles and level in levels):
            wrong.append((name, status, location))
    for name in OWN | OPEN:
        status, _ = _status(reader, name, addresses[name])
        if status not in (200, 302):
            wrong.append((name, status, ""))
    shut = {
        **dict.fromkeys(BY_TOKEN, 401),
        **dict.fromkeys(CLOSED, 403),
        **dict.fromkeys(BY_NAME, 404),
    }
    for name, expected in shut.items():
        status, location = _status(reader, name, addresses[name])
        if status != expected:
            wrong.append((name, status, location))
    assert wrong == []


def test_a_visitor_opens_nothing_but_the_doors(addresses: dict[str, str]) -> None:
    for name in (*MATRIX, *OWN):
        status, location = _status(Client(), name, addresses[name])
        assert (status, location.partition("?")[0]) == (302, "/connexion/"), name
    for name in OPEN:
        status, location = _status(Client(), name, addresses[name])
        assert status in (200, 302), name
    for name in BY_TOKEN:
        assert _status(Client(), name, addresses[name])[0] == 401, name
    for name in BY_NAME:
        assert _status(Client(), name, addresses[name])[0] in (302, 404), name


def test_an_account_without_role_opens_only_its_own_pages(addresses: dict[str, str]) -> None:
    nobody = sit_down(account("personne"))
    for name in MATRIX:
        assert _status(nobody, name, addresses[name])[0] == 403, name


def test_a_withdrawn_right_closes_at_once(addresses: dict[str, str]) -> None:
    reader = person("lecteur", (Role.AUDITOR, EJ))
    assert _status(reader.client, "proof", addresses["proof"])[0] == 200
    administrator = person("admin", (Role.DSI, EJ))
    grant = Grant.objects.get(account=reader.account)
    address = reverse("account_withdraw", args=[reader.account.pk, grant.pk])
    assert administrator.client.post(address).status_code == 302
    assert _status(reader.client, "proof", addresses["proof"])[0] == 403


def test_a_closed_account_is_out_at_once(addresses: dict[str, str]) -> None:
    reader = person("lecteur", (Role.AUDITOR, EJ))
    Account.objects.filter(pk=reader.account.pk).update(is_active=False)
    assert _status(reader.client, "today", "/")[1].startswith("/connexion/")


@pytest.mark.parametrize("role", [r for r in Role if r.privileged])
def test_a_privileged_role_opens_nothing_before_its_second_factor(
    addresses: dict[str, str], role: Role
) -> None:
    who = account("nouveau", (role, EJ))
    browser = sit_down(who, second_factor=False)
    for name in MATRIX:
        status, location = _status(browser, name, addresses[name])
        assert (status, location) == (302, "/compte/application/"), name
    enrol(who)
    for name in MATRIX:
        status, location = _status(browser, name, addresses[name])
        assert location.startswith("/compte/confirmer-code/"), name


def test_a_page_without_declared_rights_stays_shut(
    addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = person("lecteur", (Role.DSI, EJ))
    view = get_resolver().resolve("/preuves/").func
    monkeypatch.delattr(view, "rights")
    assert _status(reader.client, "proofs", "/preuves/")[0] == 403

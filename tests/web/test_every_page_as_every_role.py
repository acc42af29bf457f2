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
from releve.runtime.ledger import open_ledger
from tests.care.messages import a01, a28
from tests.care.pages.hospital import B01, ELISE, fill
from tests.pages.people import EJ, OTHER, SITE, WARD, account, enrol, person, sit_down
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
    "proofs": (PROOF_READERS, ALL),
    "proof": (PROOF_READERS, ENTITY),
    "approvals": (PRIVILEGED, ALL),
    "approval_ask": (frozenset(), ALL),
    "approval": (APPROVERS, ENTITY),
    "approval_approve": (APPROVERS, ENTITY),
    "approval_refuse": (APPROVERS, ENTITY),
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
    "crisis_log": (CRISIS_WRITERS | {Role.AUDITOR}, ENTITY),
    "crisis_gate": (PRIVILEGED, ENTITY),
    "crisis_close": (PRIVILEGED, ENTITY),
    "crisis_reopen": (PRIVILEGED, ENTITY),
    "establishment": (MACHINE_READERS, ALL),
    "establishment_recovery": (MACHINE_READERS, ALL),
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
}
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
    "account_new",
    "account_give",
    "account_withdraw",
    "account_code",
    "language",
    "patient_search",
    "crisis_open",
    "crisis_write",
    "crisis_step",
    "crisis_gate",
    "crisis_close",
    "crisis_reopen",
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
    assert names == {*MATRIX, *OWN, *OPEN, *CLOSED, *BY_NAME}


@pytest.fixture
def addresses(records: Home) -> dict[str, str]:
    """The address of each name, about a sample account, request, entry and crisis of the entity,
    and a patient of the ward.
    """
    now = timezone.now()
    load(records, VALBRUME, now)
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
    arguments: dict[str, list[object]] = {
        "proof": [1],
        "approval_ask": ["compte.role"],
        "approval": [Approval.objects.get().pk],
        "approval_approve": [Approval.objects.get().pk],
        "approval_refuse": [Approval.objects.get().pk],
        "machine": ["PC-LABO-04"],
        "patients_found": ["sans-sceau"],
        "ward": ["CHIR-B"],
        "ward_live": ["CHIR-B"],
        "patient": [key],
        "patient_live": [key, "sans-sceau"],
        "crisis_log": [crisis],
        "crisis_reopen": [crisis],
        "crisis_step": [first_steps()[0].slug],
        "crisis_gate": [gates_of(records)[0].slug],
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
    names = [*MATRIX, *OWN, *OPEN, *CLOSED, *BY_NAME]
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
    for name, expected in [*((n, 403) for n in CLOSED), *((n, 404) for n in BY_NAME)]:
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

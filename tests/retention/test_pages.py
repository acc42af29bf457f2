"""« Conservation » as people use it: signing, shortening and purging by two, the DPO."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from releve.care.kit.build import up_to_date
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.ledger.evidence import from_json
from releve.pages.models import Approval
from releve.pages.roles import Role
from releve.retention import read_rules
from releve.retention.app import desk
from releve.retention.app.models import Purge
from releve.runtime.retention import propose
from releve.runtime.retention_tasks import do_purge
from tests.pages.people import EJ, PersonAtDesk, person
from tests.retention.lived import EXPIRED, MARKER, long_ago, today
from tests.retention.marker import found

pytestmark = pytest.mark.django_db
PAGE = "/conservation/"
SIGNED = {"name": "Mme Odile Ferrand", "function": "directrice", "on": "2026-11-02"}


def text(browser: Client, address: str = PAGE) -> str:
    """What the page says, without its tags."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def told(what: str) -> int:
    return sum(from_json(row.payload).what == what for row in Outbox.objects.all())


@pytest.fixture
def director(records: Home) -> PersonAtDesk:
    return person("ferrand", (Role.DIRECTION, EJ))


@pytest.fixture
def chief(records: Home) -> PersonAtDesk:
    return person("diallo", (Role.DSI, EJ))


def agree(by: PersonAtDesk, row: Approval, code: str | None = None) -> int:
    """Somebody's yes, with their second factor."""
    form = {"digest": row.digest, "code": code or by.paper()}
    return by.client.post(f"/accords/{row.pk}/accorder/", form).status_code


def test_the_dpo_is_entered_and_the_day_page_is_quiet_again(
    records: Home, chief: PersonAtDesk
) -> None:
    desk.override(
        "Le flux doit partir cette nuit, DPO injoignable", "10.2.0.5", "x", timezone.now()
    )
    assert "sans DPO" in text(chief.client, "/") and "injoignable" in text(chief.client, "/")
    assert "régularisez" in text(chief.client)
    form = {"name": "Mme Garance Tissier", "agreed_on": "2026-11-02"}
    refused = chief.client.post(f"{PAGE}dpo/", {**form, "agreed_on": "2099-01-01"})
    assert refused.status_code == 400 and "pas passé" in unescape(refused.content.decode())
    assert chief.client.post(f"{PAGE}dpo/", form).status_code == 302
    assert "Mme Garance Tissier" in text(chief.client)
    assert "sans DPO" not in text(chief.client, "/")
    assert told("retention.dpo") == told("retention.listen.override") == 1


def test_signing_as_it_stands_is_one_persons_and_less_takes_two(
    records: Home, director: PersonAtDesk, chief: PersonAtDesk
) -> None:
    address = f"{PAGE}care.journal/"
    assert director.client.post(address, {**SIGNED, "months": "24"}).status_code == 302
    assert read_rules(records).store("care.journal").signed
    assert "signée par Mme Odile Ferrand, directrice, le 02/11/2026" in text(
        director.client, address
    )
    assert director.client.post(address, {**SIGNED, "months": "6"}).status_code == 302
    row = Approval.objects.get()
    assert read_rules(records).store("care.journal").months == 24
    assert agree(director, row) == 403
    assert read_rules(records).store("care.journal").months == 24
    said = text(chief.client, f"/accords/{row.pk}/")
    assert "la durée passe de 24 mois à 6 mois" in said
    assert agree(chief, row) == 302
    store = read_rules(records).store("care.journal")
    assert (store.months, store.signed) == (6, True)
    assert told("retention.line.signed") == 2
    undecided = f"{PAGE}vault.objects/"
    assert director.client.post(undecided, {**SIGNED, "months": "120"}).status_code == 302
    assert read_rules(records).store("vault.objects").months is None
    assert Approval.objects.count() == 2


def test_nobody_purges_alone_and_two_leave_no_trace(
    records: Home, director: PersonAtDesk, chief: PersonAtDesk
) -> None:
    if not up_to_date():
        pytest.skip("kits non construits : python -m releve.care.kit.build")
    long_ago(records)
    today(records)
    assert "Un mois a passé son terme : purgez-le, à deux." in text(director.client)
    assert "a passé son terme" in text(chief.client, "/")
    refused = director.client.post(f"{PAGE}purger/")
    assert refused.status_code == 400 and "pas signée" in unescape(refused.content.decode())
    director.client.post(f"{PAGE}care.journal/", SIGNED)
    assert director.client.post(f"{PAGE}purger/").status_code == 302
    row = Approval.objects.get()
    assert EXPIRED in text(director.client, f"/accords/{row.pk}/")
    assert agree(director, row) == 403
    assert not Purge.objects.exists() and found(records, MARKER)
    assert agree(chief, row) == 302
    purge = Purge.objects.get()
    assert "Une purge est décidée et n'est pas finie." in text(director.client)
    do_purge(purge.pk)
    do_purge(purge.pk)
    assert found(records, MARKER) == []
    assert "Purges faites" in text(director.client)
    assert told("retention.purged") == told("retention.purge.decided") == 1


def test_an_auditor_reads_and_decides_nothing(records: Home) -> None:
    auditor = person("chancel", (Role.AUDITOR, EJ)).client
    assert "Votre rôle lit cette page" in text(auditor)
    assert "Signer cette ligne" not in text(auditor, f"{PAGE}care.journal/")
    assert auditor.post(f"{PAGE}care.journal/", SIGNED).status_code == 403
    assert auditor.post(f"{PAGE}purger/").status_code == 403
    assert not read_rules(records).store("care.journal").signed


def test_what_is_due_is_proposed_once_and_destroys_nothing(records: Home) -> None:
    if not up_to_date():
        pytest.skip("kits non construits : python -m releve.care.kit.build")
    long_ago(records)
    now = timezone.now()
    assert propose(records, now) and not propose(records, now + timedelta(hours=1))
    assert told("retention.due") == 1
    assert found(records, MARKER) and not Purge.objects.exists()

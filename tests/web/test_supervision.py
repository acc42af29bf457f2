"""The supervision page: a token opens it, nobody is in it, what it says is what the home holds."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from releve.care.views import views_path
from releve.incident import Author
from releve.incident.app.desk import open_crisis
from releve.kernel.home import Home
from releve.pages.roles import Role
from releve.runtime.lives import mark_alive
from releve.runtime.supervision_token import opens, renew
from releve.web.entries import Entries
from releve.web.supervision import exposition
from tests.care.messages import a01, a28
from tests.care.pages.hospital import B01, ELISE, fill
from tests.pages.people import EJ, account, person
from tests.web.samples import samples
from tests.web.test_today import _keep

ADDRESS = "/supervision/metriques"


@pytest.fixture(autouse=True)
def somebody(records: Home) -> None:
    """Before the first administrator every address leads to the first access."""
    account("personne")


def _asked(token: str) -> tuple[int, str]:
    answer = Client().get(ADDRESS, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.content.decode()


def _figures(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_only_the_token_in_use_opens_it(records: Home) -> None:
    assert _asked("")[0] == 401
    assert Client().get(ADDRESS).status_code == 401
    first = renew(records)
    assert _asked(first)[0] == 200
    second = renew(records)
    assert (_asked(first)[0], _asked(second)[0]) == (401, 200)
    assert person("martin", (Role.DSI, EJ)).client.get(ADDRESS).status_code == 401
    kept = (records.secrets("web") / "metrics-token").read_text()
    assert second not in kept and opens(records, second)


def test_it_says_what_the_home_holds(records: Home) -> None:
    before = _figures(_asked(renew(records))[1])
    assert before["releve_crisis_open",] == 0
    assert ("releve_feed_age_seconds",) not in before, "nothing received is not an age of zero"
    _keep(records, *samples())
    fill(records, [a28(ELISE), a01(ELISE, B01, "1")])
    mark_alive(records, "signer")
    open_crisis(Author("essai"), "essai", timezone.now())
    now = timezone.now() + timedelta(hours=1)
    after = _figures(exposition(records, Entries(records), now).decode())
    assert after["releve_crisis_open",] == 1
    assert after["releve_part_up", "signer"] == 1 and after["releve_part_starts", "signer"] == 1
    assert after["releve_ledger_entries",] >= len(samples())
    assert after["releve_feed_age_seconds",] >= 0
    assert after["releve_disk_free_bytes",] > 0
    assert not any(value for name, value in after.items() if name[0] == "releve_unread")


def test_nobody_is_in_it_and_nothing_of_this_process(records: Home) -> None:
    fill(records, [a28(ELISE), a01(ELISE, B01, "1")])
    _keep(records, *samples())
    text = exposition(records, Entries(records), timezone.now()).decode()
    assert not re.search(r"DUPONT|PC-LABO|SRV-|CHIR|python_gc|process_", text)
    assert ELISE.ipp not in text and "B01" not in text
    labels = {
        key for f in text_string_to_metric_families(text) for s in f.samples for key in s.labels
    }
    assert labels <= {"part", "verdict", "source", "version", "world", "file"}


def test_what_cannot_be_read_is_named_and_no_zero_stands_for_it(records: Home) -> None:
    views = views_path(records)
    views.parent.mkdir(parents=True, exist_ok=True)
    Path(views).write_bytes(b"ceci n'est pas une base" * 100)
    figures = _figures(exposition(records, Entries(records), timezone.now()).decode())
    assert figures["releve_unread", "feed"] == 1
    assert ("releve_quarantine",) not in figures
    assert figures["releve_unread", "disk"] == 0

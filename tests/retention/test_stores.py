"""Every path and table of a home belongs to a store; what a store says is complete and honest."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from releve.care.keys import MonthKeys
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, read
from releve.retention import Signer, read_rules, shipped, sign
from releve.retention.errors import RulesUnreadable, ShorteningNeedsTwo, UnknownStore
from releve.retention.reading import own_path
from releve.retention.stores import duration_words, signature_words
from releve.runtime.ledger import read_entries
from releve.runtime.retention import sign_line, stray_paths
from tests.retention.lived import EXPIRED, MARKER, NOW
from tests.retention.marker import found
from tests.runtime.test_supervisor import Service, _wait

BY = Signer("Mme Odile Ferrand", "directrice", date(2026, 11, 2))


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home that did everything, then served until every part was up, and the duty part had done
    the purge that was decided.
    """
    if shutil.which("restic") is None:
        pytest.skip("restic manque : apt-get install restic")
    path = tmp_path_factory.mktemp("vecu") / "home"
    made = subprocess.run(
        [sys.executable, "-m", "tests.retention.lived", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert found(read(path), MARKER)
    service = Service(path)
    try:
        _wait("all parts up", service.up)
        _wait("purge done by the duty part", lambda: _purged(path))
        assert stray_paths(read(path)) == []
    finally:
        service.process.send_signal(signal.SIGINT)
        service.process.wait(40)
    return read(path)


def _purged(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path}/records.sqlite3?mode=ro", uri=True)) as base:
        return bool(base.execute("SELECT 1 FROM retention_purge WHERE state = 'done'").fetchone())


def test_the_living_service_purges_what_two_people_decided(lived_in: Home) -> None:
    assert MonthKeys(lived_in).destroyed() == (EXPIRED,)
    assert found(lived_in, MARKER) == []
    whats = [evidence.what for _, evidence in read_entries(lived_in)]
    assert whats.count("retention.purged") == whats.count("care.month.forgotten") == 1


def test_no_path_of_a_lived_in_home_is_without_a_store(lived_in: Home) -> None:
    assert stray_paths(lived_in) == []
    rules, seen = shipped(), set[str]()
    for path in lived_in.path.rglob("*"):
        store = rules.of_path(str(path.relative_to(lived_in.path)))
        seen |= {store.id} if store else set()
    here = {store.id for store in rules.stores if store.paths and not store.outside}
    never = {
        "establishment.imports",
        "establishment.mappings",
        "establishment.procedures",
        "exports",
        "plans",
    }
    assert here - seen == never
    (lived_in.path / "inconnu").mkdir()
    (lived_in.path / "inconnu/x").write_bytes(b"")
    assert stray_paths(lived_in) == ["inconnu/x"]


@pytest.mark.django_db
def test_no_table_is_without_a_store() -> None:
    rules = shipped()
    tables = connection.introspection.table_names()
    assert len(tables) > 20
    assert [table for table in tables if rules.of_table(table) is None] == []


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("retention/hold.json", "settings"),
        ("retention/retention.toml", "settings"),
        ("entity/finess", "settings"),
        ("secrets/authority/authority.pem", "secrets"),
        ("secrets/tls/pages.pem", "secrets"),
        ("establishment/imports/pending/x/tables.json", "establishment.imports"),
        ("establishment/imports/agents-1.toml", "establishment.mappings"),
        ("establishment/procedures/a.json", "establishment.procedures"),
        ("establishment/3/people.csv", "establishment"),
        ("plans/a.plan", "plans"),
        ("run/rebuild/asked", "run"),
    ],
)
def test_each_new_place_has_its_own_store(path: str, id: str) -> None:
    store = shipped().of_path(path)
    assert store is not None and store.id == id


@pytest.mark.parametrize(
    ("table", "id"),
    [
        ("pages_delegation", "records.delegations"),
        ("pages_solouse", "records.delegations"),
        ("pages_account", "records.accounts"),
        ("incident_copy", "records.copies"),
        ("incident_plananswers", "records.plans"),
        ("incident_logentry", "records.crisis"),
        ("establishment_interviewdraft", "records.interviews"),
        ("establishment_ruling", "records.rulings"),
        ("drill_action", "records.exercise"),
    ],
)
def test_each_new_table_has_its_own_store(table: str, id: str) -> None:
    store = shipped().of_table(table)
    assert store is not None and store.id == id


def test_each_shipped_line_is_whole_and_none_is_signed() -> None:
    rules = shipped()
    assert len({store.id for store in rules.stores}) == len(rules.stores)
    for store in rules.stores:
        assert all((store.holds, store.people, store.purpose, store.basis, store.source)), store.id
        assert store.status in ("in_force", "bill", "programme", "recommendation", "unknown")
        assert not store.signed and signature_words(store) == "non signée"
        assert store.paths or store.tables or store.outside, store.id
        assert store.key_words and store.destruction.words
        said = "non relu" in store.source or "mémoire" in store.source
        assert store.months is None or said, store.id
    assert duration_words(rules.store("vault.objects"), rules) == "non décidée"
    assert rules.store("plans").decided and duration_words(rules.store("plans"), rules) == "1 heure"
    assert "18 mois" in duration_words(rules.store("care.kits"), rules)


def test_what_is_signed_is_the_line_and_a_change_undoes_it(home: Home) -> None:
    own_path(home).parent.mkdir()
    own_path(home).write_text("# décidé en commission\n", "utf-8")
    signed = sign(home, "care.journal", BY)
    text = own_path(home).read_text("utf-8")
    assert signed.signed and text.startswith("# décidé en commission\n")
    assert read_rules(home).signed(read_rules(home).store("care.kits")) is False
    sign(home, "care.kits", BY)
    assert read_rules(home).signed(read_rules(home).store("care.kits"))
    own_path(home).write_text(text.replace("months = 18", "months = 6", 1), "utf-8")
    changed = read_rules(home).store("care.journal")
    assert (changed.months, changed.signed) == (6, False)
    assert "changée depuis la signature" in signature_words(changed)


@pytest.mark.django_db
def test_one_person_may_keep_longer_never_shorter(records: Home) -> None:
    assert sign_line(records, "care.journal", BY, 24, NOW).months == 24
    for id, months in (("care.journal", 23), ("vault.objects", 600)):
        with pytest.raises(ShorteningNeedsTwo, match="deux personnes"):
            sign_line(records, id, BY, months, NOW)
    # Not by the file either: what was signed stays the measure.
    text = own_path(records).read_text("utf-8").replace("months = 24", "months = 3", 1)
    own_path(records).write_text(text, "utf-8")
    with pytest.raises(ShorteningNeedsTwo, match="24 mois à 3 mois"):
        sign_line(records, "care.journal", BY, None, NOW)
    with pytest.raises(BadInput, match="comme"):
        sign_line(records, "care.kits", BY, 12, NOW)
    with pytest.raises(UnknownStore, match="Aucun magasin"):
        sign_line(records, "rien", BY, None, NOW)


@pytest.mark.parametrize(
    "text",
    [
        'x = "',
        "autre = 1",
        '[store."rien"]\nmonths = 3',
        '[store."care.journal"]\nmonths = 0',
        '[store."care.journal"]\nmonths = true',
        '[store."care.journal"]\nmonths = "douze"',
        '[store."care.journal"]\npaths = ["*"]',
        '[store."care.kits"]\nmonths = 3',
        '[store."plans"]\nmonths = 3',
        '[store."care.journal"]\npurpose = ""',
        '[store."care.journal".signed]\nname = "A"',
        "a = " + "[" * 5000,
    ],
)
def test_a_table_that_says_nonsense_is_named_and_counts_for_nothing(home: Home, text: str) -> None:
    own_path(home).parent.mkdir()
    own_path(home).write_text(text, "utf-8")
    with pytest.raises(RulesUnreadable, match=r"retention\.toml") as error:
        read_rules(home)
    assert "rien n'est purgé" in error.value.remedy

"""What no import checker sees: rows, url names and templates that reach across peers."""

from __future__ import annotations

import re
from pathlib import Path

import django
import pytest
from django.apps import apps

ROOMS = ["kernel", "journal", "ledger", "jobs", "pages", "establishment"]
PEERS = [
    *("vault", "care", "warehouse", "comms", "standby", "incident", "contracts", "intel"),
    "readiness",
]
SOURCE = Path(__file__).parents[2] / "src/releve"


@pytest.fixture(scope="module", autouse=True)
def _django() -> None:
    django.setup()


def _rank(room: str) -> int:
    return ROOMS.index(room) if room in ROOMS else len(ROOMS)


def _room(name: str) -> str:
    return name.split(".")[1]


def test_no_row_points_at_a_peer_nor_upward_and_none_grows_an_attribute_below() -> None:
    for model in apps.get_models():
        if not model.__module__.startswith("releve."):
            continue
        own = _room(model.__module__)
        for field in model._meta.get_fields():
            other = field.related_model
            if not (field.many_to_one or field.one_to_one or field.many_to_many):
                continue
            if field.auto_created or not isinstance(other, type):
                continue
            if not other.__module__.startswith("releve."):
                continue
            target = _room(other.__module__)
            where = f"{model.__name__}.{field.name}"
            assert own == target or _rank(target) < _rank(own), where
            if own != target:
                assert getattr(field.remote_field, "related_name", None) == "+", where


def test_no_peer_asks_the_registry_or_names_another_peers_pages() -> None:
    for peer in PEERS:
        others = "|".join(p for p in PEERS if p != peer)
        for path in (SOURCE / peer).rglob("*"):
            if path.suffix not in {".py", ".html", ".txt"}:
                continue
            text = path.read_text("utf-8")
            assert "get_model(" not in text, path
            reach = re.search(rf"""["'](?:{others})[:/]""", text)
            assert reach is None, f"{path}: {reach and reach.group()}"

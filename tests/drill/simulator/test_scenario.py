"""A scenario is read strictly: what is wrong is named, with what to write instead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from releve.drill.measures import Target
from releve.drill.scenario import load, parse, shipped
from releve.kernel.errors import BadInput

_TEXT = """
title = "Un essai"
start = 2026-11-22T01:00:00+01:00
[hospital]
name = "Hôpital d'essai"
finess = "990000010"
backup_period = "chaque nuit"
dmia_p0_s = 60
[fleet]
workstations = 6
servers = ["identity", "files"]
[backups]
period_s = 20
first_s = 1
spread_s = 8
[attack]
earliest_s = 24
latest_s = 34
files_per_s = 4
spared_workstations = 1
attempts = 24
[[timeline]]
at_s = 24
kind = "attack"
who = "Attaquant"
text = "Un poste chiffre ses fichiers."
[[timeline]]
at_s = 0
kind = "opening"
who = "Hôpital"
text = "La nuit commence."
[targets]
"detect.seconds" = 80
"""


def _refusal(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        parse(text, Path("essai.toml"))
    return caught.value


def test_the_default_scenario_is_the_one_of_the_issue() -> None:
    scenario = load("nuit-de-dimanche")
    assert shipped() == ("nuit-de-dimanche",)
    assert scenario.start.utcoffset() == timedelta(hours=1)
    assert (scenario.backups.period_s, scenario.fleet, scenario.dmia_p0_s) == (20, 6, 60)
    assert scenario.servers == ("identity", "files", "database")
    assert scenario.targets["detect.seconds"] == Target("<=", 80)
    assert scenario.targets["vault.acknowledged_lost"] == Target("==", 0)


def test_what_is_read_is_what_is_written_in_order() -> None:
    scenario = parse(_TEXT, Path("essai.toml"))
    assert (scenario.name, scenario.backups.spread_s) == ("essai", 8)
    assert [event.kind for event in scenario.timeline] == ["opening", "attack"]
    assert scenario.targets["restore.p0_seconds"] == Target("<=", 60)


def test_a_target_may_be_tightened() -> None:
    tighter = parse(_TEXT.replace('"detect.seconds" = 80', '"detect.seconds" = 40'), Path("t.toml"))
    assert tighter.targets["detect.seconds"] == Target("<=", 40)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"detect.seconds" = 80', '"detect.seconds" = 81', "desserre"),
        ('"detect.seconds" = 80', '"vault.destroy_attempts" = 3', "desserre"),
        ('"detect.seconds" = 80', '"vault.acknowledged_lost" = 2', "non réglable"),
        ('"detect.seconds" = 80', '"detect.secondes" = 3', "non réglable"),
        ("spread_s = 8", 'spread_s = "huit"', "backups.spread_s"),
        ("spread_s = 8", "spread_s = true", "backups.spread_s"),
        ("spread_s = 8", "spread_s = 8\ncadence = 3", "backups.cadence : clé inconnue"),
        ("period_s = 20", "period_s = 0", "backups.period_s vaut 0".replace(" vaut", " : vaut")),
        ("workstations = 6", "workstations = 6.5", "fleet.workstations"),
        ("workstations = 6", "workstations = 1", "épargne tous les postes"),
        ('kind = "opening"', 'kind = "fete"', "timeline[2].kind"),
        ('kind = "opening"', 'kind = "attack"', "une seule attaque"),
        ("01:00:00+01:00", "01:00:00", "fuseau"),
        ('finess = "990000010"', 'finess = "910000017"', "finess"),
        ("latest_s = 34", "latest_s = 4", "latest_s"),
        ('title = "', 'title = ', "TOML mal formé"),
        ('servers = ["identity"', 'servers = ["mail"', "fleet.servers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, says: str) -> None:
    assert old in _TEXT
    refusal = _refusal(_TEXT.replace(old, new, 1))
    assert says in str(refusal)
    assert "essai.toml" in str(refusal)
    assert refusal.remedy


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(BadInput) as caught:
        load("nuit-de-lundi")
    assert "nuit-de-dimanche" in caught.value.remedy

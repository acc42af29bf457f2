"""Ten points for every writer that exists, and the proof that the rig sees a missing fsync."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.rig.campaign import Figures, main, run_campaign, writers
from tests.rig.disk import DiskAbsent

pytestmark = pytest.mark.root


def _campaign(writer: str, points: int, *, mutant: bool = False) -> Figures:
    try:
        return run_campaign(writer, points, seed=20_261_123, mutant=mutant)
    except DiskAbsent as why:
        pytest.skip(f"banc de pannes impossible : {why}")


@pytest.mark.parametrize("writer", writers())
def test_what_a_writer_acknowledged_is_there_once(writer: str) -> None:
    figures = _campaign(writer, 10)
    assert (figures.points, figures.lost, figures.twice) == (10, 0, 0)
    assert figures.acknowledged > 0


def test_the_same_journal_without_fsync_loses(tmp_path: Path) -> None:
    assert _campaign("journal", 3, mutant=True).lost > 0


def test_the_command_writes_its_figures_and_fails_when_something_is_lost(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    arguments = ["journal", "--points", "3", "--seed", "5", "--json", str(target)]
    status = main([*arguments, "--mutant"])
    if status == 2:
        pytest.skip("banc de pannes impossible")
    figures = json.loads(target.read_text("utf-8"))
    assert sorted(figures) == ["acknowledged", "lost", "points", "twice", "writer"]
    assert figures["lost"] > 0
    assert status == 1

"""The drill as the terminal shows it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from releve.drill.live import Live
from releve.drill.measures import Result
from tests.drill import sample


def play(result: Result, *, terminal: bool, width: int = 80) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, highlight=False)
    with Live("nuit-de-dimanche", 7, sample.STORY, timedelta(seconds=80), console) as live:
        live.progress("préparation des machines")
        for happening in result.happenings:
            live.happened(happening)
        live.finish(result, Path("var/drills/7/rapport"))
    return out.getvalue()


def test_without_a_terminal_every_happening_is_one_plain_line() -> None:
    shown = play(sample.held(), terminal=False)
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert lines[0] == "SIMULATION · nuit-de-dimanche · graine 7"
    for happening in sample.held().happenings:
        hour = f"{happening.story:%H:%M:%S}"
        assert any(line.startswith(hour) and happening.text in line for line in lines)


def test_the_end_shows_measures_and_where_the_report_lies() -> None:
    shown = play(sample.missed(), terminal=False)
    assert "3 objectifs manqués, 1 non mesuré" in shown
    assert re.search(r"aucune alarme .*≤.80.s .*○ manqué .*preuve.46", shown)
    assert "Non mesuré : Dépôts confirmés puis perdus (le récepteur" in shown
    assert "Ce qu'il faut décider : Ne pas mettre ce coffre en service." in shown
    assert "var/drills/7/rapport" in shown


@pytest.mark.parametrize("width", [80, 132])
def test_a_terminal_never_gets_a_line_too_long(width: int) -> None:
    shown = play(sample.missed(), terminal=True, width=width)
    bare = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert max(len(line) for line in re.split(r"[\r\n]", bare)) <= width
    assert "●" in bare


@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_text_does_not_reach_the_terminal(terminal: bool) -> None:
    shown = play(replace(sample.hostile(), seed=7), terminal=terminal)
    assert "\x1b]0;" not in shown and "\x1b[2J" not in shown and "\u202e" not in shown
    assert "[red]rich[/red]" in shown
    assert "⟨U+001B⟩" in shown
    assert "\x1b]8;" not in shown  # no link


def test_an_interrupted_drill_leaves_the_terminal_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")  # on a dumb terminal there is nothing to put back
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80)
    live = Live("nuit-de-dimanche", 7, sample.STORY, timedelta(seconds=80), console)
    with pytest.raises(KeyboardInterrupt), live:
        live.progress("préparation")
        raise KeyboardInterrupt
    assert out.getvalue().rfind("\x1b[?25h") > out.getvalue().rfind("\x1b[?25l")

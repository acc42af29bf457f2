"""The table of reflexes, walked: what each line says, and that none can do more than it may."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.reflexes import ACTS, REFLEXES, Class, Consequence, Reflex, consequences
from releve.runtime import duty, duty_tasks
from releve.vault import facts as vault
from tests.incident.ledger import fact

#: One entry of each kind that the table reads.
WHATS = (
    *(vault.ALARM, vault.REFUSED, vault.GARBAGE, vault.UNREADABLE, vault.DOUBTFUL, vault.RESTORED),
    *("care.kit.published", "care.kit.refused", "care.kit.frozen", "care.kit.thawed"),
    "care.quarantine",
    *("care.feed.silent", "care.feed.back", "accord.refusé", "accord.écarté", "accord.donné"),
    *("accord.seul", "accord.seul.confirmé", "accord.seul.contesté"),
    *("conservation.gelée", "conservation.dégelée"),
    *("incident.opened", "incident.reopened", "incident.closed", "incident.reflex.held"),
)


def test_every_act_is_to_tell_to_protect_or_to_freeze() -> None:
    assert {Class(each) for each in ACTS.values()} == {"tell", "protect", "freeze"}
    assert {act for reflex in REFLEXES for act in reflex.acts} == set(ACTS)


def test_every_act_named_is_performed_and_nothing_else_is() -> None:
    assert set(duty.PERFORMERS) == set(ACTS)


def test_an_act_of_people_cannot_be_written_in_the_table() -> None:
    for act in ("vault.restore", "isolate", "call", "publish.site", "incident.close"):
        with pytest.raises(ValueError, match="hors du vocabulaire"):
            Reflex("dangereux", lambda e: True, lambda e: "", (act,))


def test_what_performs_the_acts_reaches_no_act_of_people() -> None:
    """The performers and their jobs import the crisis's desk, the kits and nothing that restores,
    isolates, calls or closes.
    """
    allowed = {"note", "open_by_reflex", "current"}
    for module in (duty, duty_tasks):
        tree = ast.parse(Path(inspect.getfile(module)).read_text("utf-8"))
        reached = {
            name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "releve.incident.app.desk"
            for name in node.names
        }
        assert reached <= allowed, module
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not [name for name in modules if name.startswith(("releve.vault", "releve.web"))]


@pytest.mark.parametrize("what", WHATS)
def test_each_line_says_a_french_sentence_whatever_the_entry_lacks(what: str) -> None:
    full = consequences(fact(what, 1, value=3, unit="fichiers", why="recensement tombé"))
    bare = consequences(fact(what, 1, value=None, unit=None))
    assert full and bare
    for consequence in (*full, *bare):
        assert consequence.sentence[-1] in ".!" and consequence.sentence[0].isupper()
        assert "None" not in consequence.sentence and "{" not in consequence.sentence


def test_each_line_of_the_table_is_reached_by_some_entry() -> None:
    reached = {c.reflex for what in WHATS for c in consequences(fact(what, 1))}
    assert reached == {reflex.name for reflex in REFLEXES}


def test_an_alarm_is_told_then_opens_and_an_ordinary_entry_does_nothing() -> None:
    alarm = consequences(fact(vault.ALARM, 1))
    assert [each.act for each in alarm] == ["incident.note", "incident.open"]
    assert alarm[0] == Consequence(
        "incident.note",
        "rançongiciel probable",
        "ALARME : 12\u202ffichiers illisibles sur PC-LABO-04.",
    )
    assert consequences(fact("vault.snapshot", 2, kind="measure")) == ()
    assert consequences(fact("incident.log.written", 3, value=1, unit="lignes")) == ()


def test_fresh_kits_come_before_they_are_frozen() -> None:
    opened = [
        each.act for each in consequences(fact("incident.opened", 1, when=SystemClock().now()))
    ]
    assert opened == ["care.kits.publish", "care.kits.freeze"]

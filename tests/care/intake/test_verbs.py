"""``./run care replay|rebuild|forget`` as people type them: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from releve.care.errors import MonthIsCurrent, UnreadableFeed
from releve.care.intake import Kept, read_kept
from releve.care.mllp import frame
from releve.cli.care import app
from releve.cli.care_files import NothingReceived
from releve.journal import verify_journal
from releve.kernel.errors import BadInput
from releve.kernel.home import Home
from tests.care import messages

_WHO = messages.Someone("8001", "ESSAI-DUPONT", ins="")
_BED = messages.Bed("CHIR-B", "12", "P", "V1")
_SENT = [
    messages.a28(_WHO),
    messages.a01(_WHO, _BED, "M1"),
    messages.oru(_WHO, _BED, "R1", "Potassium", "4.1"),
    messages.message("BAR^P01", "EVN|P01", messages.pid(_WHO)),
]
_NO_NUMBER = b"MSH|^~\\&|LABO|CHV|R|V|20261123||ADT^A01^ADT_A01|Q1|P|2.5\rPID|1\r"
_ENVELOPE = b"FHS|^~\\&|A\rBHS|^~\\&|A\r%sBTS|4\rFTS|1\r"
_SHAPES = {
    "cr": b"".join(_SENT),
    "lf": b"".join(_SENT).replace(b"\r", b"\n"),
    "crlf": b"".join(_SENT).replace(b"\r", b"\r\n"),
    "mllp": b"".join(map(frame, _SENT)),
    "batch": _ENVELOPE % b"".join(_SENT),
    "bom and blank lines": b"\xef\xbb\xbf" + b"\r\n\r\n".join(_SENT),
}


def _run(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home.path)], catch_exceptions=False)


def _replay(home: Home, data: bytes) -> tuple[int, dict[str, Any], str]:
    file, figures = home.path.parent / "jour.hl7", home.path.parent / "figures.json"
    file.write_bytes(data)
    done = _run(home, "replay", str(file), "--json", str(figures))
    return done.exit_code, json.loads(figures.read_text("utf-8")), done.output


@pytest.mark.parametrize("shape", sorted(_SHAPES))
def test_every_shape_of_file_is_taken_and_taken_again_is_a_duplicate(
    home: Home, shape: str
) -> None:
    status, figures, said = _replay(home, _SHAPES[shape])
    assert (status, figures["messages"], figures["taken"]) == (0, 4, 4), said
    assert (figures["unprojected"], figures["duplicates"]) == (1, 0)
    status, figures, said = _replay(home, _SHAPES[shape])
    assert (status, figures["duplicates"], figures["unprojected"]) == (0, 4, 0), said
    assert len([kept for kept in read_kept(home) if isinstance(kept, Kept)]) == 8


def test_quarantine_is_said_with_its_reason_and_place(home: Home) -> None:
    data = _SENT[0] + _NO_NUMBER + b"\x0bhostile \x1b[2J\x1c\r" + _SENT[1]
    status, figures, said = _replay(home, data)
    assert status == 1
    assert figures["taken"] == 4
    places = [(q["message"], q["offset"]) for q in figures["quarantined"]]
    assert places[0] == (2, len(_SENT[0]))
    assert places[1] == (3, len(_SENT[0] + _NO_NUMBER) + 1)
    assert "PID-3" in said
    assert "\x1b" not in said


def test_a_message_already_in_quarantine_is_said_again_until_it_is_settled(home: Home) -> None:
    assert _replay(home, _NO_NUMBER)[0] == 1
    status, figures, said = _replay(home, _SENT[0] + _NO_NUMBER)
    assert (status, figures["duplicates"]) == (1, 1)
    (again,) = figures["quarantined"]
    assert (again["message"], again["offset"]) == (2, len(_SENT[0]))
    assert again["reason"].startswith("déjà en quarantaine : pas de numéro de patient")
    assert "déjà en quarantaine" in said
    settled = _NO_NUMBER + b"".join(_SENT[1].splitlines(keepends=True)[2:])
    settled = settled.replace(b"PID|1\r", b"PID|1||7^^^X^PI\r")
    assert _replay(home, settled)[:1] == (0,)
    assert _replay(home, _NO_NUMBER)[:1] == (0,)
    assert _run(home, "rebuild", "--check").exit_code == 0


def test_the_quarantine_is_listed_without_anything_clinical(home: Home) -> None:
    with pytest.raises(NothingReceived) as nothing:
        _run(home, "quarantine")
    assert nothing.value.exit_code == 2
    _replay(home, _SENT[0])
    empty = _run(home, "quarantine")
    assert (empty.exit_code, empty.output) == (0, "Aucun message en quarantaine.\n")
    anna = f"PID|1||1^^^{messages.IPP_FROM}^PI||SECRET^Nom"
    moved = (anna, "PV1|1|I|A", "ZBE|M1|SECRET demain||INSERT")
    lost = messages.message("ADT^A02", *moved, control="X\x1b[2J")
    result = messages.message("ORU^R01", anna, "OBR|1||L1", "OBX|SECRET|NM|||6.9")
    _replay(home, b"".join(map(frame, (lost, result, b"MSX|SECRET"))))
    file = home.path.parent / "quarantine.json"
    listed = _run(home, "quarantine", "--json", str(file))
    figures = json.loads(file.read_text("utf-8"))
    assert (listed.exit_code, figures["count"]) == (1, 3)
    assert "SECRET" not in listed.output + file.read_text("utf-8")
    assert "\x1b" not in listed.output and "X\\" in listed.output
    third, second, first = figures["messages"]
    assert (first["index"], first["sender"]) == (1, "DPI|VALBRUME")
    assert first["reason"] == "date du mouvement illisible (ZBE-2)"
    assert first["patient"] == second["patient"] and third["patient"] is None
    assert "ligne ?" in second["reason"]


@pytest.mark.parametrize("data", [b"", b"   \r\n", b"bonjour", b"\0" * 2000])
def test_a_file_without_any_message_is_refused_and_changes_nothing(home: Home, data: bytes) -> None:
    file = home.path.parent / "jour.hl7"
    file.write_bytes(data)
    with pytest.raises(UnreadableFeed, match=r"jour\.hl7") as refused:
        _run(home, "replay", str(file))
    assert refused.value.exit_code == 2
    assert not (home.path / "care").exists()


def test_a_file_that_cannot_be_opened_is_named(home: Home) -> None:
    with pytest.raises(BadInput, match="absent") as refused:
        _run(home, "replay", str(home.path / "absent.hl7"))
    assert refused.value.exit_code == 2


def test_messages_written_by_others_are_all_taken(home: Home) -> None:
    shared = next(
        (up / "shared/data/hl7v2" for up in Path(__file__).parents if (up / "shared").is_dir()),
        None,
    )
    if shared is None or not shared.is_dir():
        pytest.skip("les messages partagés ne sont pas sur cette machine")
    data = b"\r".join(path.read_bytes() for path in sorted(shared.glob("*.hl7")))
    status, figures, said = _replay(home, data)
    assert figures["messages"] == figures["taken"] > 50
    assert status == (1 if figures["quarantined"] else 0), said
    assert _run(home, "rebuild", "--check").exit_code == 0


def test_rebuild_and_check_after_a_month_was_forgotten(home: Home) -> None:
    _replay(home, b"".join(_SENT))
    assert _run(home, "rebuild").exit_code == 0
    checked = _run(home, "rebuild", "--check")
    assert checked.exit_code == 0
    assert "octet pour octet" in checked.output
    month = next((home.secrets("care") / "months").iterdir()).name
    with pytest.raises(MonthIsCurrent):
        _run(home, "forget", month)
    forgotten = _run(home, "forget", month, "--yes-this-month")
    assert (forgotten.exit_code, "4 messages sautés" in forgotten.output) == (0, True)
    assert _run(home, "rebuild", "--check").exit_code == 0
    assert verify_journal(home.path / "care/journal").ok
    assert "ATTENTION" not in _run(home, "rebuild").output


def test_a_key_that_is_missing_without_having_been_destroyed_is_said(home: Home) -> None:
    _replay(home, b"".join(_SENT))
    next((home.secrets("care") / "months").iterdir()).unlink()
    rebuilt = _run(home, "rebuild")
    assert rebuilt.exit_code == 0
    assert "4 messages sautés" in rebuilt.output
    assert "ATTENTION" in rebuilt.output

"""What goes wrong in a part's loop stands in the ledger, counted, without anybody's words."""

from __future__ import annotations

import logging

import pytest

from releve.kernel.home import Home
from releve.runtime.faults import FAULT, Faults, FaultsOfLog
from releve.runtime.ledger import read_entries
from tests.ledger.test_socket import signer_process as signing


def _told(home: Home) -> list[tuple[object, object, object]]:
    entries = [evidence for _, evidence in read_entries(home) if evidence.what == FAULT]
    return [(each.system, each.value, dict(each.detail)) for each in entries]


def test_told_at_powers_of_ten_without_the_words_of_the_error(home: Home) -> None:
    with signing(home):
        faults = Faults(home, "duty")
        for _ in range(12):
            faults.met("garde", ValueError("DUPONT Élise"))
    where = {"where": "garde", "error": "ValueError"}
    assert _told(home) == [("duty", 1, where), ("duty", 10, where)]
    assert b"DUPONT" not in b"".join(p.read_bytes() for p in home.path.rglob("*") if p.is_file())


def test_what_no_signer_heard_is_told_with_the_next_one(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = Faults(home, "worker")
    faults.met("coffre", OSError("plein"))
    assert "coffre : OSError : plein" in capsys.readouterr().err
    with signing(home):
        faults.met("coffre", OSError("plein"))
    assert _told(home) == [("worker", 2, {"where": "coffre", "error": "OSError"})]


def test_an_error_of_a_log_is_told_by_its_name(home: Home) -> None:
    with signing(home):
        handler = FaultsOfLog(Faults(home, "web"))
        log = logging.getLogger("releve.test_faults")
        log.addHandler(handler)
        try:
            raise KeyError("DUPONT")
        except KeyError:
            log.exception("une page")
        handler.close()
    assert _told(home) == [("web", 1, {"where": "releve.test_faults", "error": "KeyError"})]

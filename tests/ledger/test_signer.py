"""The one writer: once per number, rebuilt from the journal, never signing a fork."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from releve.kernel.home import Home, HomeBusy, take_over
from releve.kernel.world import Reality
from releve.ledger import Place, export, read_checkpoint
from releve.ledger.errors import (
    BadEvidence,
    LedgerForked,
    NumberTaken,
    SignerKeyMissing,
    WrongReality,
)
from releve.ledger.tiles import TileReader
from releve.runtime.ledger import open_ledger, read_entries
from tests.ledger.examples import REAL_FINESS, evidence, signing, verdict


def test_entry_0_is_the_birth_of_the_home(home: Home) -> None:
    with signing(home) as signer:
        assert signer.append(evidence()) == 1
        fingerprint = signer.key.fingerprint
    birth = dict(read_entries(home))[0]
    assert birth.kind == "birth"
    assert birth.reality is Reality.SIMULATED
    assert birth.detail["home"] == home.id
    assert birth.detail["world"] == "drill"
    assert birth.detail["epoch"] == 1
    assert birth.detail["key"] == fingerprint
    assert Place(home).key.stat().st_mode & 0o777 == 0o600


def test_a_real_home_has_a_technical_birth_without_finess(real_home: Home) -> None:
    with signing(real_home) as signer:
        signer.append(evidence(reality=Reality.TECHNICAL, finess=REAL_FINESS))
    birth = dict(read_entries(real_home))[0]
    assert (birth.reality, birth.finess) == (Reality.TECHNICAL, None)
    export(real_home, real_home.path.with_name("x"))
    assert verdict(real_home.path.with_name("x"))[0] == 0


def test_appended_once_across_batches_and_restarts(home: Home) -> None:
    with signing(home) as signer:
        assert signer.append_many([evidence(1), evidence(2), evidence(1)]) == [1, 2, 1]
        assert signer.append(evidence(2)) == 2
    with signing(home) as signer:
        assert signer.append_many([evidence(3), evidence(1)]) == [3, 1]
        assert len(signer) == 4


def test_another_content_under_a_number_is_refused_and_the_rest_kept(home: Home) -> None:
    with signing(home) as signer:
        signer.append(evidence(1))
        with pytest.raises(NumberTaken, match="entrée 1") as refused:
            signer.append_many([evidence(1, value=99), evidence(2)])
        assert "origine" in refused.value.remedy
        assert signer.append(evidence(2)) == 2


def test_threads_share_the_log_without_doubling(home: Home) -> None:
    indexes: list[list[int]] = []
    with signing(home) as signer:

        def work() -> None:
            indexes.append([signer.append(evidence(number)) for number in range(1, 41)])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(signer) == 41
    assert len(indexes) == 4
    assert all(found == indexes[0] for found in indexes)
    assert sorted(indexes[0]) == list(range(1, 41))


def test_what_the_signer_never_writes(home: Home) -> None:
    with signing(home) as signer:
        with pytest.raises(WrongReality):
            signer.append(evidence(reality=Reality.TECHNICAL))
        with pytest.raises(BadEvidence, match="naissance"):
            signer.append(evidence(kind="birth"))
        with pytest.raises(BadEvidence, match="numérotée"):
            signer.append(evidence(0, value=None))
        assert len(signer) == 1


def test_two_signers_never_meet(home: Home) -> None:
    with signing(home), pytest.raises(HomeBusy), signing(home):
        pass


def test_tiles_and_checkpoint_are_rebuilt_from_the_journal(home: Home) -> None:
    with signing(home) as signer:
        signer.append_many([evidence(number) for number in range(1, 301)])
    place = Place(home)
    head = read_checkpoint(place.checkpoint.read_bytes(), place.public_key())
    shutil.rmtree(place.log)
    with signing(home):
        pass
    assert read_checkpoint(place.checkpoint.read_bytes(), place.public_key()) == head
    assert TileReader(place.log).root(301) == head.root


def test_a_spoiled_checkpoint_is_written_again(home: Home) -> None:
    with signing(home) as signer:
        signer.append(evidence())
    Place(home).checkpoint.write_bytes(b"spoiled")
    with signing(home) as signer:
        assert signer.published == 2


def test_a_journal_that_shrank_is_not_signed_again(home: Home, tmp_path: Path) -> None:
    place = Place(home)
    with signing(home) as signer:
        signer.append(evidence(1))
    shutil.copytree(place.journal, tmp_path / "old")
    with signing(home) as signer:
        signer.append(evidence(2))
    shutil.rmtree(place.journal)
    shutil.copytree(tmp_path / "old", place.journal)
    with pytest.raises(LedgerForked, match="3 entrées signées, 2 au journal"), signing(home):
        pass


def test_a_journal_of_another_story_is_not_signed(home: Home, tmp_path: Path) -> None:
    place = Place(home)
    with signing(home) as signer:
        signer.append(evidence(1))
    shutil.copytree(place.journal, tmp_path / "old")
    note = place.checkpoint.read_bytes()
    with signing(home) as signer:
        signer.append(evidence(2))
    two = place.checkpoint.read_bytes()
    shutil.rmtree(place.journal)
    shutil.copytree(tmp_path / "old", place.journal)
    place.checkpoint.write_bytes(note)
    with signing(home) as signer:
        signer.append(evidence(3))
    place.checkpoint.write_bytes(two)
    with pytest.raises(LedgerForked, match="ont changé"), signing(home):
        pass


def test_a_lost_key_is_not_replaced_in_silence(home: Home) -> None:
    with signing(home):
        pass
    Place(home).key.unlink()
    with pytest.raises(SignerKeyMissing), signing(home):
        pass


def test_a_take_over_opens_a_new_log_chained_to_the_old(home: Home) -> None:
    with signing(home) as signer:
        signer.append(evidence(1))
        old = signer.key
    head = read_checkpoint(Place(home).checkpoint.read_bytes(), old)
    shutil.copytree(home.path, home.path.with_name("copy"))
    second = take_over(home.path.with_name("copy"))
    with signing(second) as signer:
        assert signer.key.fingerprint != old.fingerprint
        assert signer.key.name == f"releve/{home.id}/2"
        signer.append(evidence(2))
    birth = dict(read_entries(second))[0]
    assert birth.detail["previous_root"] == head.root.hex()
    assert birth.detail["previous_size"] == 2
    assert birth.detail["previous_key"] == old.fingerprint
    assert TileReader(Place(second).closed(1) / "log").root(2) == head.root
    export(second, home.path.with_name("x"))
    assert verdict(home.path.with_name("x"))[0] == 0
    with signing(second) as signer:
        assert len(signer) == 2


def test_opened_without_a_service_it_is_published_when_closed(home: Home) -> None:
    with open_ledger(home) as ledger:
        assert ledger.append(evidence()) == 1
    place = Place(home)
    assert read_checkpoint(place.checkpoint.read_bytes(), place.public_key()).size == 2

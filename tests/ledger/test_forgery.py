"""Damage at random and reasoned forgeries: refused with a name, or « NON ANCRÉ »."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
import rfc8785

from releve.kernel.home import Home
from releve.kernel.world import Reality
from releve.ledger import Checkpoint, Evidence, Place, SigningKey, encode, export
from releve.ledger.evidence import from_entry
from releve.ledger.note import read_checkpoint
from tests.ledger.examples import (
    REAL_FINESS,
    copy_of,
    entries_in,
    evidence,
    exported,
    forge,
    list_again,
    signing,
    verdict,
)


@pytest.fixture
def folder(home: Home, tmp_path: Path) -> Path:
    return exported(home, tmp_path / "x", entries=300)


@pytest.fixture
def key(home: Home, folder: Path) -> SigningKey:
    """The signer's own key: what an intruder at the signer's place holds."""
    return SigningKey.from_text(Place(home).key.read_text())


def test_one_file_more_less_or_changed(folder: Path) -> None:
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    for name in names:
        for change in ("changed", "less"):
            spoiled = copy_of(folder, "spoiled")
            data = (spoiled / name).read_bytes()
            (spoiled / name).unlink()
            if change == "changed":
                (spoiled / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
            code, said = verdict(spoiled)
            assert code == 1, (name, change)
            assert name in said or name == "manifest.json"
    for more in ("note.txt", "tile/0/002", "tile/entries/x001/000", "tile/0/000.p/12"):
        spoiled = copy_of(folder, "spoiled")
        (spoiled / more).parent.mkdir(parents=True, exist_ok=True)
        (spoiled / more).write_bytes(b"")
        code, said = verdict(spoiled)
        assert (code, more in said) == (1, True)
        list_again(spoiled)
        code, said = verdict(spoiled)
        assert (code, more in said) == (1, True)


def test_random_damage_in_each_file_even_when_listed_again(folder: Path) -> None:
    chance = random.Random(7)
    covered = [
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "verify.py", "LISEZMOI.txt")
    ]
    for name in covered:
        for damage in (_flip, _cut, _zero, _double):
            spoiled = copy_of(folder, "spoiled")
            data = damage((spoiled / name).read_bytes(), chance)
            (spoiled / name).write_bytes(data)
            list_again(spoiled)
            assert verdict(spoiled)[0] == 1, (name, damage)


def test_a_link_or_a_pipe_is_wrong(folder: Path) -> None:
    spoiled = copy_of(folder, "spoiled")
    (spoiled / "tile/0/000").unlink()
    (spoiled / "tile/0/000").symlink_to(folder / "tile/0/000")
    assert verdict(spoiled)[0] == 1
    spoiled = copy_of(folder, "spoiled")
    os.mkfifo(spoiled / "pipe")
    assert verdict(spoiled)[0] == 1


def test_a_log_signed_again_whole_by_another_key(folder: Path, key: SigningKey) -> None:
    kept = folder / "checkpoint"
    other = SigningKey.generate(key.public.name)
    entries = [*entries_in(folder)]
    birth = json.loads(entries[0])
    forged = copy_of(folder, "forged")
    forge(forged, entries, other)
    assert verdict(forged) == (
        1,
        "entrée 0 : elle nomme une autre clé ou un autre dossier que la signature",
    )
    birth["detail"]["key"] = other.public.fingerprint
    entries[0] = rfc8785.dumps(birth)
    forge(forged, entries, other)
    code, said = verdict(forged)
    assert code == 0
    assert "NON ANCRÉ" in said
    assert other.public.fingerprint in said
    code, said = verdict(forged, "--key", key.public.text)
    assert (code, "pas celle attendue" in said) == (1, True)
    assert verdict(forged, "--key", key.public.fingerprint)[0] == 1
    code, said = verdict(forged, "--checkpoint", str(kept))
    assert (code, "pas signé par la clé" in said) == (1, True)


def test_the_true_folder_is_authentic_by_each_anchor(folder: Path, key: SigningKey) -> None:
    kept = copy_of(folder, "kept")
    for anchor in (key.public.text, key.public.fingerprint, str(kept / "vkey")):
        code, said = verdict(folder, "--key", anchor)
        assert (code, "authentique" in said, "NON ANCRÉ" in said) == (0, True, False)
    code, said = verdict(folder, "--checkpoint", str(kept / "checkpoint"))
    assert (code, "authentique" in said) == (0, True)


def test_a_whole_rollback_is_told_by_the_kept_checkpoint(home: Home, folder: Path) -> None:
    with signing(home) as signer:
        signer.append(evidence(301))
    kept = str(Place(home).checkpoint)
    assert verdict(folder)[0] == 0
    code, said = verdict(folder, "--checkpoint", kept)
    assert (code, "retour en arrière" in said) == (1, True)


def test_a_fork_under_the_true_key(folder: Path, key: SigningKey) -> None:
    kept = str(folder / "checkpoint")
    entries = entries_in(folder)
    forged = copy_of(folder, "forged")
    changed = [*entries[:200], encode(evidence(200, value=0)), *entries[201:]]
    for story in (changed, entries[:-1]):
        forge(forged, [*story, encode(evidence(999))], key)
        assert verdict(forged)[0] == 0
        code, said = verdict(forged, "--checkpoint", kept)
        assert (code, "fourche" in said) == (1, True)
    forge(forged, [*entries, encode(evidence(999))], key)
    code, said = verdict(forged, "--checkpoint", kept)
    assert (code, "301 entrées" in said) == (0, True)


def test_two_heads(folder: Path, key: SigningKey) -> None:
    spoiled = copy_of(folder, "spoiled")
    head = read_checkpoint((folder / "checkpoint").read_bytes(), key.public)
    second = key.sign(Checkpoint(head.origin, head.size - 1, bytes(32)).text)
    (spoiled / "checkpoint2").write_bytes(second)
    list_again(spoiled)
    assert verdict(spoiled)[0] == 1
    (spoiled / "checkpoint2").unlink()
    (spoiled / "checkpoint").write_bytes((folder / "checkpoint").read_bytes() + second)
    list_again(spoiled)
    assert verdict(spoiled)[0] == 1


@pytest.mark.parametrize("size", [0, 1, 300, 302, 10**6, 10**17, 1 << 70])
def test_a_signed_head_of_another_size(folder: Path, key: SigningKey, size: int) -> None:
    spoiled = copy_of(folder, "spoiled")
    head = read_checkpoint((folder / "checkpoint").read_bytes(), key.public)
    text = Checkpoint(head.origin, size, head.root).text
    (spoiled / "checkpoint").write_bytes(key.sign(text))
    list_again(spoiled)
    assert verdict(spoiled)[0] == 1


def test_a_bundle_with_bytes_that_no_hash_covers(folder: Path) -> None:
    spoiled = copy_of(folder, "spoiled")
    for trailing in (b"\0", b"\0\0", b"\xff\xff"):
        bundle = spoiled / "tile/entries/000"
        bundle.write_bytes((folder / "tile/entries/000").read_bytes() + trailing)
        list_again(spoiled)
        code, said = verdict(spoiled)
        assert (code, "tile/entries/000" in said) == (1, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"reality": Reality.TECHNICAL, "finess": REAL_FINESS},
        {"reality": Reality.TECHNICAL},
        {"reality": Reality.FIELD},
        {"finess": REAL_FINESS},
        {"kind": "birth"},
    ],
)
def test_a_real_evidence_in_a_drill_log_is_wrong_even_well_signed(
    folder: Path, key: SigningKey, changes: dict[str, object]
) -> None:
    forged = copy_of(folder, "forged")
    forge(forged, [*entries_in(folder), encode(evidence(301, **changes))], key)
    code, said = verdict(forged)
    assert (code, "entrée 301" in said) == (1, True)


def test_a_simulated_evidence_in_a_real_log_is_wrong(real_home: Home, tmp_path: Path) -> None:
    with signing(real_home):
        pass
    export(real_home, tmp_path / "x")
    key = SigningKey.from_text(Place(real_home).key.read_text())
    forge(tmp_path / "x", [*entries_in(tmp_path / "x"), encode(evidence(1))], key)
    code, said = verdict(tmp_path / "x")
    assert (code, "simulé" in said) == (1, True)


def test_a_log_edited_on_the_disk_of_the_home(home: Home, tmp_path: Path) -> None:
    with signing(home) as signer:
        signer.append_many([evidence(number) for number in range(1, 10)])
    (bundle,) = (Place(home).log / "tile/entries/000.p").iterdir()
    bundle.write_bytes(bundle.read_bytes().replace(b"PC-LABO-04", b"PC-LABO-05", 1))
    export(home, tmp_path / "x")
    assert verdict(tmp_path / "x")[0] == 1


def test_entries_that_are_not_evidence(folder: Path, key: SigningKey) -> None:
    entries = entries_in(folder)
    assert isinstance(from_entry(entries[-1]), Evidence)
    for odd in (b"", b"\xff", b"[]", b"{}", b"[" * 5000, b"1" * 5000, b'{"kind":[]}'):
        forged = copy_of(folder, "forged")
        forge(forged, [*entries, odd], key)
        assert verdict(forged)[0] == 1
    forge(forged, entries[1:], key)
    assert verdict(forged)[0] == 1


def test_an_empty_or_absent_folder(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    for nothing in ("empty", "absent"):
        code, said = verdict(tmp_path / nothing)
        assert (code, "rien à vérifier" in said) == (2, True)
    shutil.rmtree(folder / "tile")
    assert verdict(folder)[0] == 1


def _flip(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _zero(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) - 1)
    return data[:place] + bytes(len(data) - place)


def _double(data: bytes, chance: random.Random) -> bytes:
    return data + data

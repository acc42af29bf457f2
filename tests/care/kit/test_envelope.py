"""Copied, altered, truncated, mixed up: what a kit opens to, and what it says when it does not."""

from __future__ import annotations

import json
import random
import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from releve.care.kit import KitKey, open_kit, read_kit, verify_kit, window_of
from releve.care.kit.codes import new_code
from releve.care.kit.errors import (
    CodeWrong,
    KitAltered,
    KitError,
    KitNotSigned,
    KitUnreadable,
)
from releve.care.kit.page import read_page, write_page
from releve.kernel.home import Home
from tests.care.kit.conftest import Kit, make_kit
from tests.care.kit.wards import HOSTILE, MARKER, NOW, hostile_ward, ward


def test_a_kit_opens_to_what_was_sealed(kit: Kit) -> None:
    opened = read_kit(kit.path, kit.code)
    assert opened.sheet == ward()
    assert opened.pdf.startswith(b"%PDF-")
    assert (opened.cover.number, opened.cover.title) == ("1-1", "Chirurgie B (CHIR-B)")


def test_hostile_texts_come_back_as_they_were(home: Home) -> None:
    sheet = hostile_ward()
    kit = make_kit(home, sheet)
    assert open_kit(kit.path, kit.code) == sheet
    assert kit.path.parent == home.path / "care/kits/published"
    assert re.fullmatch(r"x-[0-9a-f]{16}\.html", kit.path.name)


def test_nothing_of_a_patient_is_in_clear_in_any_file(kit: Kit) -> None:
    names = [MARKER, "HÉPARINE", "DUPONT", "99000005", kit.code, kit.code.replace("-", "")]
    folders = (kit.home.path / "care", kit.home.path / "run")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 4
    for path in files:
        data = path.read_bytes()
        for name in names:
            for form in (
                name.encode(),
                name.encode("latin-1"),
                b64encode(name.encode()).rstrip(b"="),
            ):
                assert form not in data, (path, name)


def test_a_code_opens_one_ward_only(kit: Kit, home: Home) -> None:
    other = make_kit(home, ward(3, "MED-A"))
    with pytest.raises(CodeWrong, match="Chirurgie B"):
        open_kit(kit.path, other.code)
    with pytest.raises(CodeWrong):
        open_kit(kit.path, new_code())


def test_another_wards_lock_or_contents_put_into_a_kit_are_refused(
    kit: Kit, home: Home, tmp_path: Path
) -> None:
    other = make_kit(home, ward(3, "MED-A"))
    ours, theirs = read_page(kit.path), read_page(other.path)
    renamed = replace(ours.lock, about=theirs.lock.about)
    path = kit.copy(tmp_path, write_page(ours.cover, renamed, ours.sealed))
    with pytest.raises(CodeWrong):
        open_kit(path, kit.code)
    path = kit.copy(tmp_path, write_page(ours.cover, ours.lock, theirs.sealed))
    with pytest.raises(KitAltered):
        open_kit(path, kit.code)
    path = kit.copy(tmp_path, write_page(replace(theirs.cover), ours.lock, ours.sealed))
    with pytest.raises(KitAltered, match="couverture"):
        open_kit(path, kit.code)


def test_an_old_kit_made_to_look_fresh_is_refused(kit: Kit, tmp_path: Path) -> None:
    outside = read_page(kit.path)
    fresh = replace(outside.cover, built="2026-11-23T08:00:00.000000Z", generation=99)
    path = kit.copy(tmp_path, write_page(fresh, outside.lock, outside.sealed))
    with pytest.raises(KitAltered, match="couverture"):
        open_kit(path, kit.code)


def test_every_truncation_is_said(kit: Kit, tmp_path: Path) -> None:
    data = kit.path.read_bytes()
    draw = random.Random(3)
    for cut in [0, 1, 700, len(data) - 60, *(draw.randrange(len(data)) for _ in range(40))]:
        path = kit.copy(tmp_path, data[:cut])
        with pytest.raises(KitUnreadable) as refusal:
            open_kit(path, kit.code)
        assert "autre copie" in refusal.value.remedy


def test_no_altered_octet_of_the_envelope_passes(kit: Kit, tmp_path: Path) -> None:
    data = kit.path.read_bytes()
    start = data.index(b'id="sealed">') + 12
    draw = random.Random(4)
    for _ in range(60):
        at = draw.randrange(start, data.index(b"</script>", start) - 4)
        other = b"A" if data[at : at + 1] != b"A" else b"B"
        path = kit.copy(tmp_path, data[:at] + other + data[at + 1 :])
        with pytest.raises(KitError):
            open_kit(path, kit.code)


@pytest.mark.parametrize("data", [b"", b"<html>", b"\xff" * 1000, b"PK\x03\x04", None])
def test_what_is_not_a_kit_is_said_so(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "autre.html"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(KitUnreadable):
        open_kit(path, new_code())


def test_a_header_that_lies_is_refused_without_a_traceback(kit: Kit, tmp_path: Path) -> None:
    data = kit.path.read_bytes()
    found = re.search(rb'id="header">(.*?)</script>', data)
    assert found is not None
    header = json.loads(found[1])
    lies: tuple[object, ...] = (None, "", "é", -1, [], {"a": 1}, "QUJD")
    for key in header["lock"]:
        for lie in lies:
            lying = {**header, "lock": {**header["lock"], key: lie}}
            text = json.dumps(lying).encode()
            path = kit.copy(tmp_path, data.replace(found[1], text))
            with pytest.raises(KitError):
                open_kit(path, kit.code)


def test_the_signature_says_whose_hand_it_is(kit: Kit, home: Home, tmp_path: Path) -> None:
    card = KitKey(kit.home).fingerprint
    verify_kit(kit.path, card.lower().replace("-", " "))
    signature = kit.path.with_name(kit.path.name + ".sig").read_bytes()
    copy = kit.copy(tmp_path)
    with pytest.raises(KitNotSigned, match="il manque"):
        verify_kit(copy, card)
    copy.with_name(copy.name + ".sig").write_bytes(signature)
    verify_kit(copy, card)
    copy.write_bytes(copy.read_bytes() + b" ")
    with pytest.raises(KitNotSigned, match="pas celui qui a été signé"):
        verify_kit(copy, card)
    # Somebody who knows the code can forge a kit; not the card's fingerprint.
    forged = make_kit(home, ward())
    with pytest.raises(KitNotSigned, match="carte"):
        verify_kit(forged.path, card)
    copy.with_name(copy.name + ".sig").write_bytes(b"releve\n\xff\n")
    with pytest.raises(KitNotSigned):
        verify_kit(copy, card)


def test_secrets_are_closed_to_others(kit: Kit) -> None:
    files = [path for path in kit.home.secrets("care").rglob("*") if path.is_file()]
    assert len(files) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    window = window_of(kit.home, "CHIR-B")
    assert window is not None
    assert window.since == NOW


def test_hostile_texts_do_not_close_their_block(home: Home) -> None:
    data = make_kit(home, hostile_ward()).path.read_text("utf-8")
    assert data.count("</script>") == 3
    assert all(text not in data for text in HOSTILE if "<" in text)

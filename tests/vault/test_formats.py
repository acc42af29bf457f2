"""Validators: each kind is recognised by its octets, bombs are bounded."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

import pytest

from releve.vault.formats import Examination, Reading, State, examine, read
from releve.vault.formats.overwrite import overwritten_stream, scrambled
from tests.vault import attacks
from tests.vault.documents import DOCUMENTS, EDITS, lock_zip, make_docx, make_jpeg, make_zip

KINDS = {
    "dicom8": "dicom",
    "dicom-jpeg": "dicom",
    "dicom-rle": "dicom",
    "latin1": "text",
    "csv": "text",
    "json": "text",
    "xml": "text",
    "hl7": "text",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_recognised_by_its_content_and_sound(name: str) -> None:
    _, maker = DOCUMENTS[name]
    assert read(maker(1)) == Reading(KINDS.get(name, name), State.SOUND)


def test_unknown_content_is_said_to_be_unknown() -> None:
    assert read(attacks.noise(b"x", 5000)).state is State.OPAQUE
    assert read(b"").state is State.EMPTY


def test_a_password_is_not_damage() -> None:
    assert read(lock_zip(make_zip(1))).state is State.LOCKED


def test_a_document_already_broken_is_not_compared() -> None:
    broken = attacks.header_kept(make_zip(1))
    seen = examine(broken, attacks.full(broken))
    assert seen.before.state is State.BROKEN


def _archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_bomb() -> bytes:
    return _archive({f"vide-{part}": bytes(64 << 20) for part in range(7)})


def gzip_bomb() -> bytes:
    return gzip.compress(bytes(16 << 20), 1) * 30


def xml_bomb() -> bytes:
    levels = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(9))
    part = f"<?xml version='1.0'?><!DOCTYPE d [<!ENTITY l0 'ha'>{levels}]><d>&l9;</d>".encode()
    return _archive({"[Content_Types].xml": b"<t/>", "word/document.xml": part})


def many_members() -> bytes:
    return _archive({str(number): b"" for number in range(20_001)})


def png_bomb() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    pack = zlib.compressobj(1)
    pixels = b"".join(pack.compress(bytes(16 << 20)) for _ in range(25)) + pack.flush()
    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg_bomb() -> bytes:
    picture = bytearray(make_jpeg(1))
    start = picture.find(b"\xff\xc0")
    picture[start + 5 : start + 9] = struct.pack(">HH", 60_000, 60_000)
    return bytes(picture)


@pytest.mark.parametrize(
    "bomb",
    [zip_bomb, gzip_bomb, xml_bomb, many_members, png_bomb, jpeg_bomb],
    ids=lambda b: b.__name__,
)
def test_a_bomb_stops_at_a_limit(bomb: object) -> None:
    assert callable(bomb)
    reading = read(bomb())
    assert reading.state is State.BEYOND
    assert reading.detail


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_a_cut_file_is_seen_as_cut(cut: int) -> None:
    whole = make_docx(1)
    seen = examine(whole, whole[:-cut])
    assert seen.truncated
    assert seen.after.state in (State.BROKEN, State.OPAQUE)


def test_a_re_encoded_stream_is_not_an_overwritten_one() -> None:
    picture = make_jpeg(1)
    for _, encode in EDITS["jpeg"]:
        size = min(len(picture), len(encoded := encode(picture)))
        assert not overwritten_stream(picture[700:size], encoded[700:size])
    assert overwritten_stream(picture, attacks.sparse_5(picture))


def test_one_constant_painted_over_samples_is_an_edit() -> None:
    samples = bytes(128 + (n * 7 + n // 50) % 40 for n in range(20_000))
    painted = samples[:5000] + bytes(3000) + samples[8000:]
    assert not scrambled(samples, painted)
    assert scrambled(samples, samples[:5000] + attacks.noise(b"", 3000) + samples[8000:])


def test_an_examination_of_the_same_octets_shows_nothing() -> None:
    sound = Reading("zip", State.SOUND)
    assert examine(make_zip(1), make_zip(1)) == Examination(sound, sound)

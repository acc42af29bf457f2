"""Validators: each kind is recognised by its octets, bombs are bounded."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from releve.vault.formats import Examination, Reading, State, examine, read
from releve.vault.formats.overwrite import overwritten_stream, scrambled
from tests.vault import attacks
from tests.vault.documents import (
    DOCUMENTS,
    EDITS,
    lock_zip,
    make_csv,
    make_dicom,
    make_docx,
    make_jpeg,
    make_pdf,
    make_text,
    make_zip,
)

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


def _lines(text: bytes) -> bytes:
    return b"\n".join(text[start : start + 76] for start in range(0, len(text), 76))


CODINGS: dict[str, attacks.Attack] = {
    "base64": base64.b64encode,
    "base64 lines": base64.encodebytes,
    "url base64": base64.urlsafe_b64encode,
    "base32 lines": lambda data: _lines(base64.b32encode(data)),
    "hexadecimal": lambda data: data.hex().encode(),
    "armour": lambda data: b"-----BEGIN X-----\n" + base64.encodebytes(data) + b"-----END X-----\n",
}


@pytest.mark.parametrize("cipher", [bytes, attacks.full, attacks.xor_one, attacks.rot13])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("kind", ["text", "csv", "json", "xml", "hl7"])
def test_a_text_coded_whole_is_damaged(kind: str, coding: str, cipher: attacks.Attack) -> None:
    content = DOCUMENTS[kind][1](1)
    assert examine(content, CODINGS[coding](cipher(content))).damage


def test_a_text_that_holds_a_sound_document_or_held_codes_is_not_damaged() -> None:
    letter, key = make_text(1), base64.encodebytes(make_text(2))
    assert not examine(letter, base64.encodebytes(make_pdf(1))).damage
    assert not examine(key, base64.encodebytes(make_text(3))).damage
    assert not examine(make_csv(1), b"id;empreinte\n" + b"7;x;" * 9 + b"\n" * 9).damage
    assert not examine(letter, b"AVDLKRTQWEYIPASDFGHKLCNM" * 40).damage  # a protein, not base64


def test_content_found_whole_inside_a_container() -> None:
    content = make_text(1)
    for packed in (gzip.compress(content), bz2.compress(content), lzma.compress(content)):
        assert examine(content, packed).contained
        assert not examine(content + b"x", packed).contained
    whole = _archive({"a/lettre.txt": content, "b": b"y"})
    assert examine(content, whole).contained
    assert not examine(content, lock_zip(whole)).contained
    assert not examine(attacks.full(content), whole).contained


Samples = NDArray[np.uint16]


def _shuffled(samples: Samples) -> Samples:
    blocks = samples.reshape(-1, 2048)
    return blocks[np.random.default_rng(1).permutation(len(blocks))]


def _substituted(samples: Samples) -> Samples:
    table = np.random.default_rng(1).permutation(256).astype(np.uint8)
    return table[samples.view(np.uint8)].view(np.uint16)


PIXEL_ATTACKS: dict[str, Callable[[Samples], Samples]] = {
    "noise of 12 bits": lambda a: np.random.default_rng(1).integers(0, 4096, a.shape, np.uint16),
    "octets swapped": lambda a: a.byteswap(),
    "blocks of 4 KiB shuffled": _shuffled,
    "octets substituted": _substituted,
}
PIXEL_EDITS: dict[str, Callable[[Samples], Samples]] = {
    "flipped": np.flipud,
    "turned": np.rot90,
    "shifted": lambda a: np.roll(a, 40, axis=0),
    "brighter": lambda a: (a // 2 + 20).astype(np.uint16),
    "contrast": lambda a: (np.clip(a, 900, 1100) - 900).astype(np.uint16),
    "threshold": lambda a: ((a > 1000) * 4095).astype(np.uint16),
    "gamma": lambda a: (np.sqrt(a / 4095) * 4095).astype(np.uint16),
    "offset": lambda a: (a + 77).astype(np.uint16),
    "crossed out": lambda a: np.where(np.arange(256) % 64 < 8, 0, a).astype(np.uint16),
}


def _with_pixels(data: bytes, act: Callable[[Samples], Samples]) -> bytes:
    image = pydicom.dcmread(io.BytesIO(data))
    image.PixelData = act(image.pixel_array).tobytes()
    out = io.BytesIO()
    image.save_as(out)
    return out.getvalue()


@pytest.mark.parametrize("attack", PIXEL_ATTACKS)
def test_medical_pixels_that_are_no_picture_any_more_are_damaged(attack: str) -> None:
    image = make_dicom(1)
    assert examine(image, _with_pixels(image, PIXEL_ATTACKS[attack])).damage


def test_samples_of_16_bits_stored_substituted_are_damaged() -> None:
    image = pydicom.dcmread(io.BytesIO(make_dicom(1)))
    image.BitsStored, image.HighBit = 16, 15
    out = io.BytesIO()
    image.save_as(out)
    assert examine(out.getvalue(), _with_pixels(out.getvalue(), _substituted)).damage


@pytest.mark.parametrize("edit", PIXEL_EDITS)
def test_a_medical_picture_worked_on_is_not_damaged(edit: str) -> None:
    image = make_dicom(1)
    assert not examine(image, _with_pixels(image, PIXEL_EDITS[edit])).damage


@pytest.mark.parametrize(
    "name", ["SamplesPerPixel", "BitsStored", "Columns", "PixelRepresentation"]
)
@pytest.mark.parametrize("value", [None, 0, 65535, [1, 2]])
def test_a_medical_image_of_impossible_size_is_read_to_its_end(name: str, value: object) -> None:
    image = pydicom.dcmread(io.BytesIO(make_dicom(1)))
    image[name].value = value
    out = io.BytesIO()
    image.save_as(out)
    assert not examine(out.getvalue(), _with_octets_after(out.getvalue())).damage


def _with_octets_after(data: bytes) -> bytes:
    return data[:-64] + bytes(64)

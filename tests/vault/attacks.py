"""Imitations of what ransomware does to a file, for documents that a test made in its own folder.

Octets in, octets out: nothing here walks a disk or touches a file. « Ciphertext » is the output of
a seeded generator, which no validator can tell from a real cipher's.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import random
from collections.abc import Callable

Attack = Callable[[bytes], bytes]

KIB = 1024


def noise(data: bytes, size: int | None = None) -> bytes:
    """As many random octets, always the same for the same content."""
    return random.Random(hashlib.sha256(data).digest()).randbytes(
        len(data) if size is None else size
    )


def _pattern(data: bytes, start: int, step: int, length: int) -> bytes:
    """Encrypt ``length`` octets of each ``step`` from ``start`` on."""
    cipher, out = noise(data), bytearray(data)
    for place in range(start, len(data), step):
        out[place : place + length] = cipher[place : place + length]
    return bytes(out)


def full(data: bytes) -> bytes:
    return noise(data)


def first_4k(data: bytes) -> bytes:
    """LockBit style."""
    return noise(data)[: 4 * KIB] + data[4 * KIB :]


def every_other_16(data: bytes) -> bytes:
    """LockFile style."""
    return _pattern(data, 0, 32, 16)


def four_of_sixteen_k(data: bytes) -> bytes:
    return _pattern(data, 0, 16 * KIB, 4 * KIB)


def header_kept(data: bytes) -> bytes:
    """BlackCat style: the first KiB stays, then 16 KiB of each 64 KiB."""
    return _pattern(data, KIB, 64 * KIB, 16 * KIB)


def sparse_5(data: bytes) -> bytes:
    """5 % in pieces of 16 octets."""
    return _pattern(data, 64, 320, 16)


def sparse_3(data: bytes) -> bytes:
    """3 % in pieces of 64 octets, the first KiB kept when there is more."""
    start = KIB if len(data) > 4 * KIB else 64
    return _pattern(data, start, 2133, 64)


def last_10_percent(data: bytes) -> bytes:
    cut = len(data) - len(data) // 10
    return data[:cut] + noise(data)[cut:]


def as_base64(data: bytes) -> bytes:
    return base64.b64encode(noise(data))


def as_base64_lines(data: bytes) -> bytes:
    return base64.encodebytes(noise(data))


def as_base85(data: bytes) -> bytes:
    return base64.b85encode(noise(data))


def as_hexadecimal(data: bytes) -> bytes:
    return noise(data).hex().encode()


def xor_one(data: bytes) -> bytes:
    return bytes(octet ^ 0x5A for octet in data)


def xor_key(data: bytes) -> bytes:
    key = noise(b"key", 32)
    return bytes(octet ^ key[place % 32] for place, octet in enumerate(data))


def rot13(data: bytes) -> bytes:
    return codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1")


def shifted(data: bytes) -> bytes:
    """Every octet plus 13, modulo 256."""
    return bytes((octet + 13) % 256 for octet in data)


def with_footer(data: bytes) -> bytes:
    """Content encrypted, the wrapped key appended."""
    return noise(data) + noise(b"footer", 512) + b"LOCKED01"


def zeros(data: bytes) -> bytes:
    return bytes(len(data))


def note(data: bytes) -> bytes:
    return b"Your files are encrypted. To recover them write to the address below.\n" * 12


ATTACKS: dict[str, Attack] = {
    "full": full,
    "first 4 KiB": first_4k,
    "every other 16": every_other_16,
    "4 of 16 KiB": four_of_sixteen_k,
    "header kept": header_kept,
    "sparse 5 %": sparse_5,
    "sparse 3 %": sparse_3,
    "last 10 %": last_10_percent,
    "base64": as_base64,
    "base64 lines": as_base64_lines,
    "base85": as_base85,
    "hexadecimal": as_hexadecimal,
    "xor one": xor_one,
    "xor key": xor_key,
    "rot13": rot13,
    "shifted": shifted,
    "footer": with_footer,
    "zeros": zeros,
}


def pixels_only(data: bytes, attack: Attack) -> bytes:
    """The same attack on the last part of a DICOM file only: its header stays readable."""
    tag = data.rfind(b"\xe0\x7f\x10\x00O")
    start = tag + 12
    return data[:start] + attack(data[start:])

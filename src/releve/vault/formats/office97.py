"""OLE2 compound files (doc, xls, ppt before 2007): header, allocation table, directory.

MS-CFB §2. The text inside has no checksum; the comparison with the version before looks for an
overwrite in place.
"""

from __future__ import annotations

import struct

from releve.vault.formats.overwrite import scrambled
from releve.vault.formats.reading import Reading, State

_FREE, _END, _FAT, _DIFAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
_ENTRY = 128


def read_ole2(data: bytes) -> Reading:
    """Broken when the sector chains or the directory do not hold together."""
    try:
        names = _directory_names(data)
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        return Reading("ole2", State.BROKEN, f"document Office abîmé ({str(error)[:60]})")
    if "EncryptedPackage" in names:
        return Reading("ole2", State.LOCKED, "protégé par mot de passe")
    return Reading("ole2", State.SOUND)


def compare_ole2(before: bytes, after: bytes) -> str:
    """Streams overwritten in place by noise."""
    return "le contenu a été écrasé sur place par du bruit" if scrambled(before, after) else ""


def _directory_names(data: bytes) -> list[str]:
    order, shift = struct.unpack_from("<HH", data, 28)
    if order != 0xFFFE or shift not in (9, 12):
        raise ValueError("en-tête")
    sector = 1 << shift
    fat = _allocation(data, sector)
    names = []
    for number in _chain(fat, struct.unpack_from("<I", data, 48)[0]):
        start = (number + 1) * sector
        block = data[start : start + sector]
        for offset in range(0, len(block) - _ENTRY + 1, _ENTRY):
            names += _entry_name(block[offset : offset + _ENTRY], fat)
    if not names or names[0] != "Root Entry":
        raise ValueError("répertoire")
    return names


def _allocation(data: bytes, sector: int) -> list[int]:
    """The file allocation table; every entry must name a sector of the file or a marker."""
    sectors = len(data) // sector
    listed = [n for n in struct.unpack_from("<109I", data, 76) if n != _FREE]
    following, blocks = struct.unpack_from("<II", data, 68)
    for _ in range(min(blocks, sectors)):
        *more, following = struct.unpack_from(f"<{sector // 4}I", data, (following + 1) * sector)
        listed += [n for n in more if n != _FREE]
    fat: list[int] = []
    for number in listed:
        fat += struct.unpack_from(f"<{sector // 4}I", data, (number + 1) * sector)
    if any(n > sectors and n < _DIFAT for n in fat):
        raise ValueError("table d'allocation")
    return fat


def _chain(fat: list[int], start: int) -> list[int]:
    chain: list[int] = []
    current = start
    while current != _END:
        if current >= len(fat) or len(chain) > len(fat):
            raise ValueError("chaîne de secteurs")
        chain.append(current)
        current = fat[current]
    return chain


def _entry_name(entry: bytes, fat: list[int]) -> list[str]:
    length, kind = struct.unpack_from("<HB", entry, 64)
    if kind == 0:
        return []
    if kind > 5 or not 2 <= length <= 64:
        raise ValueError("entrée de répertoire")
    start, size = struct.unpack_from("<II", entry, 116)
    if kind == 2 and size >= 4096:
        _chain(fat, start)
    return [entry[: length - 2].decode("utf-16-le")]

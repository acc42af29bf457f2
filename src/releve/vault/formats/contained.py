"""Does a compressed file or an archive hold this very content? Compressing is not destroying."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from typing import BinaryIO, cast

from releve.vault.formats.reading import PARSER_ERRORS

#: What :func:`holds` can look into.
CONTAINERS = {"zip", "gzip", "bzip2", "xz"}
_ENCRYPTED = 0x1
_CHUNK = 1 << 20


def holds(container: bytes, kind: str, content: bytes) -> bool:
    """True when ``container``, of that kind, unpacks to ``content`` or has it as a member."""
    packed = io.BytesIO(container)
    try:
        if kind == "zip":
            return _has_member(packed, content)
        with _stream(packed, kind) as stream:
            return _same(stream, content)
    except (zipfile.BadZipFile, lzma.LZMAError, MemoryError, *PARSER_ERRORS):
        return False


def _stream(packed: BinaryIO, kind: str) -> BinaryIO:
    if kind == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=packed))
    if kind == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(packed))
    return cast(BinaryIO, lzma.LZMAFile(packed))


def _has_member(packed: BinaryIO, content: bytes) -> bool:
    """Only members of that size and checksum are unpacked."""
    crc = zlib.crc32(content)
    with zipfile.ZipFile(packed) as archive:
        for member in archive.infolist():
            same = (member.file_size, member.CRC) == (len(content), crc)
            if same and not member.flag_bits & _ENCRYPTED:
                with archive.open(member) as stream:
                    if _same(cast(BinaryIO, stream), content):
                        return True
    return False


def _same(stream: BinaryIO, content: bytes) -> bool:
    """Compare by pieces: what unpacks to more than ``content`` is left unread."""
    for start in range(0, len(content), _CHUNK):
        expected = content[start : start + _CHUNK]
        if stream.read(len(expected)) != expected:
            return False
    return not stream.read(1)

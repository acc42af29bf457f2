"""Archives and the office documents that are archives: every member is unpacked and its checksum
compared, every XML part is read to its end.
"""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Protocol
from xml.parsers import expat

from releve.vault.formats.reading import (
    MAX_MEMBERS,
    MAX_UNPACKED,
    MIB,
    PARSER_ERRORS,
    LimitReached,
    Reading,
    State,
)

_CHUNK = 1 << 16
_ENCRYPTED = 0x1
#: Methods the standard library unpacks: stored, deflate, bzip2, lzma.
_UNPACKED_METHODS = {0, 8, 12, 14}
#: Other methods that exist (APPNOTE 4.4.5); any other number is damage.
_KNOWN_METHODS = {*range(20), *range(93, 100)}
_OOXML = {"docx", "xlsx", "pptx"}
_ODF = {"odt", "ods", "odp"}


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _XmlCheck:
    """Feeds one XML part to expat; entity declarations are refused (bombs)."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.EntityDeclHandler = _refuse_entities

    def feed(self, chunk: bytes, last: bool) -> None:
        """Raise ``ExpatError`` when the part is not well-formed."""
        self._parser.Parse(chunk, last)


def _refuse_entities(*_: object) -> None:
    raise LimitReached("déclare des entités XML")


def read_zip(data: bytes, kind: str) -> Reading:
    """Read a zip archive or an office document whole; ``kind`` is what sniffing found."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_members(archive, kind)
    except (zipfile.BadZipFile, expat.ExpatError, lzma.LZMAError, *PARSER_ERRORS) as error:
        return Reading(kind, State.BROKEN, f"archive abîmée ({_short(error)})")


def _read_members(archive: zipfile.ZipFile, kind: str) -> Reading:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise LimitReached(f"plus de {MAX_MEMBERS} éléments")
    budget = MAX_UNPACKED
    locked = unread = 0
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            locked += 1
        elif member.compress_type not in _UNPACKED_METHODS:
            if member.compress_type not in _KNOWN_METHODS:
                raise zipfile.BadZipFile(f"méthode {member.compress_type}")
            unread += 1
        else:
            budget -= _read_member(archive, member, kind, budget)
    if locked or (kind in _ODF and _odf_locked(archive)):
        return Reading(kind, State.LOCKED, "protégé par mot de passe")
    if unread:
        return Reading(kind, State.PARTIAL, "méthode de compression non lue")
    return Reading(kind, State.SOUND)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, kind: str, budget: int) -> int:
    """Unpack one member to its end (its CRC is checked there); returns the octets it holds."""
    check = _XmlCheck() if _is_xml_part(archive, member.filename, kind) else None
    size = 0
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > budget:
                raise LimitReached(f"plus de {MAX_UNPACKED // MIB} Mio une fois décompressé")
            if check:
                check.feed(chunk, False)
    if check and size:
        check.feed(b"", True)
    return size


def _is_xml_part(archive: zipfile.ZipFile, name: str, kind: str) -> bool:
    if kind in _OOXML:
        return name.endswith((".xml", ".rels"))
    if kind in _ODF:
        return name.endswith(".xml") and (name.startswith("META-INF/") or not _odf_locked(archive))
    return False


def _odf_locked(archive: zipfile.ZipFile) -> bool:
    """OpenDocument 1.2 part 3 §4: an encrypted entry carries « encryption-data » in the manifest"""
    try:
        with archive.open("META-INF/manifest.xml") as stream:
            return b"encryption-data" in stream.read(MIB)
    except KeyError:
        return False


def read_gzip(data: bytes) -> Reading:
    """Unpack every member; CRC-32 and length are checked by zlib at the end of each."""
    return _read_packed(data, "gzip", lambda: zlib.decompressobj(31), b"\x1f\x8b")


def read_bzip2(data: bytes) -> Reading:
    """Unpack every stream; block checksums are checked by the library."""
    return _read_packed(data, "bzip2", bz2.BZ2Decompressor, b"BZh")


def read_xz(data: bytes) -> Reading:
    """Unpack every stream; block checks are verified by the library."""
    return _read_packed(data, "xz", lambda: lzma.LZMADecompressor(memlimit=256 * MIB), b"\xfd7zXZ")


def _read_packed(
    data: bytes, kind: str, unpacker: Callable[[], _Unpacker], magic: bytes
) -> Reading:
    try:
        total = 0
        while data.startswith(magic):
            stream = unpacker()
            total = _drain(stream, data, total)
            if not stream.eof:
                return Reading(kind, State.BROKEN, "la compression s'arrête avant sa fin")
            data = stream.unused_data.lstrip(b"\0")
    except (zlib.error, lzma.LZMAError, *PARSER_ERRORS) as error:
        return Reading(kind, State.BROKEN, f"décompression impossible ({_short(error)})")
    return Reading(kind, State.SOUND)


def _drain(stream: _Unpacker, data: bytes, total: int) -> int:
    """Unpack one stream by pieces of at most 1 MiB; returns the running total of octets."""
    pending = data
    while not stream.eof:
        piece = stream.decompress(pending, MIB)
        pending = getattr(stream, "unconsumed_tail", b"")
        total += len(piece)
        if total > MAX_UNPACKED:
            raise LimitReached(f"plus de {MAX_UNPACKED // MIB} Mio une fois décompressé")
        if not piece and not pending:
            break
    return total


def read_7z(data: bytes) -> Reading:
    """Header and directory checksums of a 7z archive; the packed data is not unpacked."""
    if len(data) < 32:
        return Reading("7z", State.BROKEN, "en-tête incomplet")
    start_crc, offset, size, crc = struct.unpack("<IQQI", data[8:32])
    if zlib.crc32(data[12:32]) != start_crc:
        return Reading("7z", State.BROKEN, "somme de contrôle de l'en-tête fausse")
    directory = data[32 + offset : 32 + offset + size]
    if len(directory) != size or zlib.crc32(directory) != crc:
        return Reading("7z", State.BROKEN, "somme de contrôle de la table fausse")
    return Reading("7z", State.PARTIAL, "seule la table de l'archive 7z est contrôlée")


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:80]

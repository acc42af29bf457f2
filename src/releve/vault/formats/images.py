"""Pictures: PNG by its checksums, JPEG by its markers then a full decode, others by a decode."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

from PIL import Image

from releve.vault.formats.overwrite import overwritten_stream, scrambled
from releve.vault.formats.reading import (
    MAX_PIXELS,
    MAX_UNPACKED,
    MIB,
    PARSER_ERRORS,
    LimitReached,
    Reading,
    State,
)

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_MAX_FRAMES = 64
_SOI, _EOI, _SOS, _DNL = 0xD8, 0xD9, 0xDA, 0xDC
_STANDALONE = {0x01, _SOI, *range(0xD0, 0xD8)}


def read_png(data: bytes) -> Reading:
    """Every chunk's CRC, and the pixel stream unpacked to its own checksum (PNG 3rd ed. §5, §10)"""
    try:
        defect = _png_defect(data)
    except PARSER_ERRORS as error:
        defect = f"morceaux illisibles ({str(error)[:60]})"
    return Reading("png", State.BROKEN if defect else State.SOUND, defect)


def _png_defect(data: bytes) -> str:
    names: list[bytes] = []
    position, pixels = 8, zlib.decompressobj()
    unpacked = 0
    while position + 12 <= len(data) and names[-1:] != [b"IEND"]:
        size, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + size
        if end > len(data):
            return "image PNG coupée"
        body = data[position + 8 : end - 4]
        if zlib.crc32(name + body) != struct.unpack_from(">I", data, end - 4)[0]:
            return "somme de contrôle fausse dans l'image PNG"
        if name == b"IDAT":
            unpacked += _unpack(pixels, body)
        if unpacked > MAX_UNPACKED:
            raise LimitReached(f"plus de {MAX_UNPACKED // MIB} Mio une fois décompressé")
        names.append(name)
        position = end
    if names[:1] != [b"IHDR"] or names[-1:] != [b"IEND"] or not pixels.eof:
        return "image PNG incomplète"
    return ""


def _unpack(pixels: zlib._Decompress, body: bytes) -> int:
    total = 0
    while body and total <= MAX_UNPACKED:
        total += len(pixels.decompress(body, MIB))
        body = pixels.unconsumed_tail
    return total


def read_jpeg(data: bytes) -> Reading:
    """Markers first (cheap), then a decode at reduced size, which reads every code."""
    defect = jpeg_defect(data) or _decode_defect(data)
    return Reading("jpeg", State.BROKEN if defect else State.SOUND, defect)


def read_picture(data: bytes, kind: str) -> Reading:
    """GIF, BMP, TIFF, WebP: every frame is decoded."""
    defect = _decode_defect(data)
    return Reading(kind, State.BROKEN if defect else State.SOUND, defect)


def compare_jpegs(before: bytes, after: bytes) -> str:
    """JPEG has no checksum: look for codes overwritten in place inside the same picture."""
    old, new = before[before.find(b"\xff\xda") :], after[after.find(b"\xff\xda") :]
    if overwritten_stream(old, new) and before != after:
        return "les données de l'image ont été écrasées sur place"
    return ""


def compare_pictures(before: bytes, after: bytes) -> str:
    """BMP and plain TIFF keep raw pixels, GIF a compressed stream without a checksum."""
    if before.startswith(b"GIF8") and overwritten_stream(before[13:], after[13:]):
        return "les données de l'image ont été écrasées sur place"
    return "les pixels sont devenus du bruit" if scrambled(before, after) else ""


def jpeg_defect(data: bytes) -> str:
    """Walk the segments of ITU-T T.81 Annex B; an empty string when nothing is wrong."""
    if not data.startswith(b"\xff\xd8"):
        return "début de JPEG absent"
    position, scans = 2, 0
    while data[position : position + 2] != b"\xff\xd9":
        if position + 4 > len(data):
            return "image JPEG coupée"
        marker = data[position + 1]
        if data[position] != 0xFF or (marker < 0xC0 and marker != 0x01):
            return "segment JPEG abîmé"
        position += _segment_length(data, position, marker)
        if marker == _SOS:
            scans += 1
            position = _end_of_scan(data, position)
            if position < 0:
                return "données JPEG abîmées"
    return "" if scans else "image JPEG sans données"


def _segment_length(data: bytes, position: int, marker: int) -> int:
    """Octets from this marker to the next; a fill octet (0xff) counts for one."""
    if marker == 0xFF:
        return 1
    if marker in _STANDALONE:
        return 2
    return 2 + int.from_bytes(data[position + 2 : position + 4], "big")


def _end_of_scan(data: bytes, position: int) -> int:
    """The next marker after entropy-coded data, or -1 when an impossible one stands in it."""
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            return -1
        code = data[position + 1]
        if code == 0 or 0xD0 <= code <= 0xD7:
            position += 2
        elif code == 0xFF:
            position += 1
        elif code == _EOI or code in (0xC4, _SOS, 0xDB, _DNL, 0xDD, 0xFE) or 0xE0 <= code <= 0xEF:
            return position
        else:
            return -1


def _decode_defect(data: bytes) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                picture.draft(None, (max(1, picture.width // 8), max(1, picture.height // 8)))
                for frame in range(min(getattr(picture, "n_frames", 1), _MAX_FRAMES)):
                    picture.seek(frame)
                    picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise LimitReached(f"plus de {MAX_PIXELS:,} points".replace(",", " ")) from None
    except PARSER_ERRORS as error:
        return f"image indécodable ({str(error)[:60]})"
    return ""

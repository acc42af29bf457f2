"""The signatures that some contents begin with."""

from __future__ import annotations

_MAGICS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole2"),
    (128, b"DICM", "dicom"),
    (0, b"SQLite format 3\x00", "sqlite"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (4, b"1AY&SY", "bzip2"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (8, b"WAVEfmt ", "wav"),
    (8, b"WEBPVP8", "webp"),
    (0, b"{\\rtf", "rtf"),
)


def magic_of(head: bytes) -> str:
    """The kind a fixed signature names in the first KiB, or an empty string."""
    for offset, magic, kind in _MAGICS:
        if head.startswith(magic, offset):
            return kind
    if head.startswith(b"BM") and head[14:18] in (b"\x28\0\0\0", b"\x0c\0\0\0", b"\x7c\0\0\0"):
        return "bmp"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    return ""

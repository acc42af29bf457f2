"""What a validator says of one version of a file, and of two versions side by side."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

MIB = 1024 * 1024
#: A larger file is « non contrôlé »: both versions are held in the memory of one process.
MAX_FILE = 128 * MIB
#: What the members of an archive or the streams of a document may add up to once unpacked.
MAX_UNPACKED = 384 * MIB
MAX_MEMBERS = 20_000
MAX_PIXELS = 100_000_000

#: What parsing libraries raise on bytes that are not what they claim to be.
PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class State(StrEnum):
    """How one version of a file reads."""

    SOUND = "sound"
    BROKEN = "broken"
    #: Structure sound, content behind a password.
    LOCKED = "locked"
    #: Only the header could be verified: it is sound, the body is not looked at.
    PARTIAL = "partial"
    #: No validator knows this content.
    OPAQUE = "opaque"
    #: A limit (size, memory, members) was reached before the end.
    BEYOND = "beyond"
    EMPTY = "empty"


class LimitReached(Exception):
    """A file unpacks to more than a validator may read; the message is French."""


@dataclass(frozen=True)
class Reading:
    """One version of a file.

    ``kind`` is a key of :data:`KIND_NAMES`; ``detail`` a short French clause; ``faults`` counts the
    defects a tolerant reader steps over (PDF warnings, DICOM values): more of them than in the
    version before is a regression even when the file still opens.
    """

    kind: str
    state: State
    detail: str = ""
    faults: int = 0


@dataclass(frozen=True)
class Examination:
    """Two versions of one file. ``damage`` (French, or empty) is what only the comparison shows."""

    before: Reading
    after: Reading
    damage: str = ""
    #: The new version is the beginning of the old one.
    truncated: bool = False
    #: The new version is a container that holds the old one, octet for octet.
    contained: bool = False


KIND_NAMES: dict[str, str] = {
    "docx": "document Word (docx)",
    "xlsx": "classeur Excel (xlsx)",
    "pptx": "présentation (pptx)",
    "odt": "document OpenDocument (odt)",
    "ods": "classeur OpenDocument (ods)",
    "odp": "présentation OpenDocument (odp)",
    "ole2": "document Office ancien (doc, xls, ppt)",
    "rtf": "document RTF",
    "pdf": "PDF",
    "dicom": "image médicale DICOM",
    "jpeg": "image JPEG",
    "png": "image PNG",
    "gif": "image GIF",
    "bmp": "image BMP",
    "tiff": "image TIFF",
    "webp": "image WebP",
    "wav": "son WAV",
    "zip": "archive zip",
    "gzip": "fichier gzip",
    "bzip2": "fichier bzip2",
    "xz": "fichier xz",
    "7z": "archive 7z",
    "rar": "archive rar",
    "zstd": "fichier zstd",
    "sqlite": "base SQLite",
    "text": "texte",
    "empty": "fichier vide",
    "unknown": "contenu inconnu",
}

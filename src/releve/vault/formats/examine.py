"""From the bytes of two versions to an :class:`Examination`: the only entrance to validators.

Each library is imported when its first file comes: most folders need two or three of them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from releve.vault.formats.coded import payload
from releve.vault.formats.contained import CONTAINERS, holds
from releve.vault.formats.reading import (
    MAX_FILE,
    MIB,
    Examination,
    LimitReached,
    Reading,
    State,
)
from releve.vault.formats.sniff import kind_of
from releve.vault.formats.text import stands_for_document

_ROOM = "releve.vault.formats"
#: kind → (module, function); a function named « read_zip » or « read_picture » also takes the kind.
_READERS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp"), ("archives", "read_zip")),
    **dict.fromkeys(("gif", "bmp", "tiff", "webp"), ("images", "read_picture")),
    "gzip": ("archives", "read_gzip"),
    "bzip2": ("archives", "read_bzip2"),
    "xz": ("archives", "read_xz"),
    "7z": ("archives", "read_7z"),
    "pdf": ("pdf", "read_pdf"),
    "dicom": ("dicom", "read_dicom"),
    "png": ("images", "read_png"),
    "jpeg": ("images", "read_jpeg"),
    "ole2": ("office97", "read_ole2"),
    "sqlite": ("databases", "read_sqlite"),
    "wav": ("databases", "read_wav"),
    "text": ("text", "read_text"),
    "rtf": ("text", "read_rtf"),
}
_TAKES_KIND = {"read_zip", "read_picture"}
_COMPARERS: dict[str, tuple[str, str]] = {
    "dicom": ("dicom", "compare_dicoms"),
    "jpeg": ("images", "compare_jpegs"),
    "bmp": ("images", "compare_pictures"),
    "gif": ("images", "compare_pictures"),
    "tiff": ("images", "compare_pictures"),
    "ole2": ("office97", "compare_ole2"),
    "sqlite": ("databases", "compare_raw"),
    "wav": ("databases", "compare_raw"),
    "text": ("text", "compare_texts"),
    "rtf": ("text", "compare_texts"),
}
#: Recognised, but no validator: the header alone says what they are.
_HEADER_ONLY = {"rar", "zstd"}


def read(data: bytes) -> Reading:
    """Read one version whole. Never raises on its content; ``MemoryError`` becomes « beyond »."""
    if len(data) > MAX_FILE:
        return Reading("unknown", State.BEYOND, f"plus de {MAX_FILE // MIB} Mio")
    kind = kind_of(data)
    if kind == "empty":
        return Reading(kind, State.EMPTY)
    if kind == "unknown":
        return Reading(kind, State.OPAQUE)
    if kind in _HEADER_ONLY:
        return Reading(kind, State.PARTIAL, "seul l'en-tête est reconnu")
    module, name = _READERS[kind]
    arguments = (data, kind) if name in _TAKES_KIND else (data,)
    try:
        reading: Reading = _function(module, name)(*arguments)
    except LimitReached as limit:
        return Reading(kind, State.BEYOND, str(limit))
    except MemoryError:
        return Reading(kind, State.BEYOND, "demande trop de mémoire")
    return reading


def examine(before: bytes, after: bytes) -> Examination:
    """Read both versions and, when both are sound and of one kind, compare them."""
    packed = kind_of(after)
    if packed in CONTAINERS and before and holds(after, packed, before):
        return Examination(read(before), Reading(packed, State.SOUND), contained=True)
    old = read(before)
    if old.state in (State.OPAQUE, State.BROKEN, State.BEYOND, State.EMPTY):
        return Examination(old, Reading(kind_of(after), State.OPAQUE, "non lu"))
    new = read(after)
    truncated = len(after) < len(before) and before.startswith(after)
    damage = ""
    if old.kind != "text" and new.kind == "text" and new.state is State.SOUND:
        damage = "" if stands_for_document(after) else "un texte quelconque a pris sa place"
    if old.kind == new.kind == "text" and payload(before) is None:
        inner = payload(after)
        if inner is not None:
            return Examination(old, new, _coded(inner), truncated)
    if old.kind == new.kind and old.state is new.state is State.SOUND and old.kind in _COMPARERS:
        try:
            damage = _function(*_COMPARERS[old.kind])(before, after)
        except MemoryError:
            return Examination(old, Reading(new.kind, State.BEYOND, "demande trop de mémoire"))
    return Examination(old, new, damage, truncated)


def _coded(inner: bytes) -> str:
    """Why a text that is only the coding of ``inner`` is damage: that is no document (French)."""
    reading = read(inner)
    if reading.kind != "text" and reading.state in (State.SOUND, State.LOCKED):
        return ""
    return "le texte n'est plus qu'un bloc codé (base64 ou semblable)"


def _function(module: str, name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(import_module(f"{_ROOM}.{module}"), name)
    return function

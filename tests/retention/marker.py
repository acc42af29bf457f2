"""Searching a home for somebody: bytes as they lie, then all that its own keys still open."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pikepdf
import zstandard

from releve.care.intake import Kept, read_kept
from releve.care.kit.coding import ward_to_json
from releve.care.kit.errors import KitError
from releve.care.kit.opening import Opened, open_with, read_kit
from releve.care.kit.page import read_page
from releve.care.kit.shelf import kits_folder
from releve.care.kit.windows import window
from releve.kernel.home import Home


def found(home: Home, marker: str) -> list[str]:
    """Where the marker is, whatever its case, encoding and wrapping."""
    wanted = marker.encode()
    hits = [f"octets {name}" for name, data in files(home) if _in(wanted, data)]
    hits += [
        f"message {kept.index}"
        for kept in read_kept(home)
        if isinstance(kept, Kept) and _in(wanted, kept.raw)
    ]
    hits += [f"kit {name}" for name, data in kits(home) if _in(wanted, data)]
    return hits


def files(home: Home) -> Iterator[tuple[str, bytes]]:
    """Each file's bytes, and what lies folded in them."""
    for path in sorted(home.path.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        name, data = str(path.relative_to(home.path)), path.read_bytes()
        yield name, data
        if data[:4] == b"%PDF":
            yield f"{name} (PDF)", pdf_words(data)
        for unfold in (zlib.decompress, zstandard.ZstdDecompressor().decompress):
            try:
                yield f"{name} (replié)", unfold(data)
            except (zlib.error, zstandard.ZstdError):
                continue
        if path.suffix == ".sqlite3":
            yield f"{name} (lignes)", b"\n".join(_rows(path))


def kits(home: Home) -> Iterator[tuple[str, bytes]]:
    """What every kit of the home says to whoever holds any code or identity of this home."""
    for page in sorted(kits_folder(home).rglob("*.html")):
        ward = page.stem if page.parent.name == "published" else page.parent.name
        opened = 0
        for kit in _opened(home, page, ward):
            opened += 1
            yield f"{page.name} (JSON)", repr(ward_to_json(kit.sheet)).encode()
            yield f"{page.name} (PDF)", pdf_words(kit.pdf)
            yield f"{page.name} (flux du PDF)", pdf_streams(kit.pdf)
        assert opened, f"{page} ne s'ouvre par aucune clé du dossier"


def pdf_words(data: bytes) -> bytes:
    """The text of every page (poppler: fonts are subsets, streams hold glyphs)."""
    command = ["pdftotext", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def pdf_streams(data: bytes) -> bytes:
    """Every stream, inflated, and every string."""
    with pikepdf.open(io.BytesIO(data)) as document:
        streams = [o.read_bytes() for o in document.objects if isinstance(o, pikepdf.Stream)]
        return b"\n".join([*streams, repr(dict(document.docinfo)).encode()])


def _opened(home: Home, page: Path, ward: str) -> Iterator[Opened]:
    for path in sorted((home.secrets("care") / "kits" / ward).glob("*.json")):
        held = window(home, ward, int(path.stem))
        with suppress(KitError):
            yield open_with(page, read_page(page), held.identity)
        if held.code is not None:
            with suppress(KitError):
                yield read_kit(page, held.code)


def _rows(path: Path) -> Iterator[bytes]:
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = [r[0] for r in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in names:
            for row in base.execute(f"SELECT * FROM {name}"):  # noqa: S608
                for cell in row:
                    yield cell if isinstance(cell, bytes) else str(cell).encode()
                    if isinstance(cell, bytes):
                        for unfold in (zlib.decompress, lambda c: zlib.decompress(c, -15)):
                            try:
                                yield unfold(cell)
                            except zlib.error:
                                continue
    finally:
        base.close()


def _in(wanted: bytes, data: bytes) -> bool:
    low = data.lower()
    text = wanted.decode().lower()
    forms = (text.encode(), text.encode("utf-16-le"), text.encode("latin-1", "replace"))
    return any(form in low for form in forms)

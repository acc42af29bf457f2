"""What a content is, from its bytes alone: a name or an extension proves nothing."""

from __future__ import annotations

import io
import zipfile

from releve.vault.formats.magic import magic_of
from releve.vault.formats.reading import PARSER_ERRORS
from releve.vault.formats.text import looks_like_text

_OOXML = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"))
_ODF = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}

#: A file of a few white spaces is as empty as one of none.
_BLANK = 64


def kind_of(data: bytes) -> str:
    """The kind of a whole content, a key of ``KIND_NAMES``; ``unknown`` when none fits."""
    if len(data) <= _BLANK and not data.strip():
        return "empty"
    kind = magic_of(data[:1024])
    if kind == "zip":
        return _zip_kind(data)
    if kind:
        return kind
    return "text" if looks_like_text(data) else "unknown"


def _zip_kind(data: bytes) -> str:
    """Tell office documents from plain archives; a directory that cannot be read leaves « zip »."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                for prefix, kind in _OOXML:
                    if any(name.startswith(prefix) for name in names):
                        return kind
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 256:
                return _ODF.get(archive.read("mimetype").strip().removesuffix(b"-template"), "zip")
    except (zipfile.BadZipFile, *PARSER_ERRORS):
        return "zip"
    return "zip"

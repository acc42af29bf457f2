"""What people do to their documents between two backups: open, change a little, save again.

Each function opens the bytes with the same library that made them and saves them once more, so the
new version is as valid as the old one.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from random import Random

import docx as python_docx
import openpyxl
import pydicom
from odf.opendocument import load as load_odf
from odf.text import P
from PIL import Image

from releve.drill.simulator import documents


def resave(extension: str, data: bytes, rng: Random) -> bytes:
    """A later version of ``data``; raises ``KeyError`` for an extension nobody edits."""
    return _RESAVES[extension](data, rng)


def _docx(data: bytes, rng: Random) -> bytes:
    document = python_docx.Document(io.BytesIO(data))
    for line in documents.sentences(rng, 2):
        document.add_paragraph(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return documents.settled(buffer.getvalue())


def _xlsx(data: bytes, rng: Random) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    for row in documents.results(rng, 3):
        book.worksheets[0].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return documents.settled(buffer.getvalue())


def _odt(data: bytes, rng: Random) -> bytes:
    document = load_odf(io.BytesIO(data))
    document.text.addElement(P(text=documents.sentences(rng, 1)[0]))
    buffer = io.BytesIO()
    document.save(buffer)
    return documents.settled(buffer.getvalue())


def _dicom(data: bytes, rng: Random) -> bytes:
    image = pydicom.dcmread(io.BytesIO(data))
    image.StudyDescription = f"Relu, fenêtre {rng.randrange(100)}"
    buffer = io.BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _jpeg(data: bytes, rng: Random) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).save(buffer, "JPEG", quality=70 + rng.randrange(10))
    return buffer.getvalue()


def _png(data: bytes, rng: Random) -> bytes:
    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(data))
    picture.crop((0, 0, picture.width - 1 - rng.randrange(8), picture.height)).save(buffer, "PNG")
    return buffer.getvalue()


def _zip(data: bytes, rng: Random) -> bytes:
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as target:
        target.writestr(f"ajout-{rng.randrange(10**6)}.csv", documents.table(rng))
    return documents.settled(buffer.getvalue())


def _gzip(data: bytes, rng: Random) -> bytes:
    return gzip.compress(gzip.decompress(data) + documents.log(rng)[:4000], mtime=0)


def _table(data: bytes, rng: Random) -> bytes:
    rows = [";".join(map(str, row)) for row in documents.results(rng, 4)]
    return data + ("\r\n".join(rows) + "\r\n").encode()


def _text(data: bytes, rng: Random) -> bytes:
    return data + ("\n" + "\n".join(documents.sentences(rng, 3))).encode()


_RESAVES: dict[str, Callable[[bytes, Random], bytes]] = {
    "docx": _docx,
    "xlsx": _xlsx,
    "odt": _odt,
    "pdf": lambda _, rng: documents.pdf(rng),  # a report is issued anew, not edited
    "dcm": _dicom,
    "jpg": _jpeg,
    "png": _png,
    "zip": _zip,
    "gz": _gzip,
    "csv": _table,
    "txt": _text,
    "log": lambda data, rng: data + documents.log(rng)[:2000],
}

"""Documents of a ward and an office, made by the libraries that people's programs use, and the
honest things that happen to them.

``DOCUMENTS``: kind → maker(seed) → octets. ``EDITS``: kind → (name, edit(octets) → octets).
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import random
import re
import sqlite3
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import numpy as np
import openpyxl
import pikepdf
import pydicom
from odf import teletype
from odf import text as odf_text
from odf.opendocument import (
    OpenDocumentText,
    load,
)
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless, generate_uid
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

Maker = Callable[[int], bytes]
Edit = Callable[[bytes], bytes]

_WORDS = """
    le la les de du des un une et en à pour par sur dans avec sans patient service dossier
    chambre lit infirmière médecin ordonnance traitement prescription dose matin soir examen
    résultat biologie créatinine hémoglobine température tension pouls saturation transfert
    sortie entrée compte rendu opératoire bloc réanimation urgences pharmacie planning garde
    semaine réunion budget fournisseur contrat maintenance salle scanner radiologie note
""".split()  # noqa: SIM905 - a list of quoted words would not be read


def prose(seed: int, words: int = 600) -> str:
    """French-looking sentences, several lines."""
    draw = random.Random(seed)
    lines, line = [], []
    for index in range(words):
        line.append(draw.choice(_WORDS))
        if index % 11 == 10:
            lines.append(" ".join(line).capitalize() + f", le {draw.randint(1, 28)}/11/2026.")
            line = []
    return "\n".join(lines) + "\n"


def picture(seed: int, width: int = 240, height: int = 180) -> Image.Image:
    """Smooth shapes and a little grain, as a camera or a scanner gives."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = 110 + 60 * np.sin(x / (17 + seed % 9)) + 50 * np.cos(y / (23 + seed % 7))
    base[height // 3 : height // 2, width // 4 : width // 2] = 230
    grain = draw.normal(0, 4, (height, width, 3))
    return Image.fromarray(np.clip(base[..., None] + grain, 0, 255).astype(np.uint8))


def _saved(image: Image.Image, name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def make_docx(seed: int) -> bytes:
    document = docx.Document()
    document.add_heading(f"Compte rendu {seed}")
    for line in prose(seed, 900).splitlines():
        document.add_paragraph(line)
    document.add_picture(io.BytesIO(make_png(seed)))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def make_xlsx(seed: int) -> bytes:
    draw = random.Random(seed)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in range(200):
        sheet.append([f"lit {row}", draw.random() * 100, draw.choice(_WORDS)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def make_odt(seed: int) -> bytes:
    document = OpenDocumentText()
    for line in prose(seed, 900).splitlines():
        document.text.addElement(odf_text.P(text=line))
    buffer = io.BytesIO()
    document.write(buffer)
    return buffer.getvalue()


def make_pdf(seed: int) -> bytes:
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer, pageCompression=seed % 2)
    for number, line in enumerate(prose(seed, 1200).splitlines()):
        page.drawString(40, 800 - 14 * (number % 50), line)
        if number % 50 == 49:
            page.showPage()
    page.drawImage(ImageReader(io.BytesIO(make_jpeg(seed))), 40, 100, 200, 150)
    page.save()
    return buffer.getvalue()


def make_dicom(seed: int, *, bits: int = 16) -> bytes:
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[0:256, 0:256]
    body = ((x - 128) ** 2 + (y - 128) ** 2) < 100**2
    pixels = np.where(body, 1040 + 60 * np.sin(x / 9), 24) + draw.normal(0, 12, (256, 256))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(seed)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    image.PatientName, image.PatientID = "ESSAI^PATIENT", f"P{seed:06d}"
    image.StudyDate, image.Modality, image.WindowCenter = "20261123", "CT", 40
    image.Rows, image.Columns, image.SamplesPerPixel = 256, 256, 1
    image.PhotometricInterpretation, image.PixelRepresentation = "MONOCHROME2", 0
    image.BitsAllocated, image.BitsStored = bits, 12 if bits == 16 else 8
    image.HighBit = image.BitsStored - 1
    scaled = pixels if bits == 16 else pixels / 8
    kind = np.uint16 if bits == 16 else np.uint8
    image.PixelData = np.clip(scaled, 0, 2**image.BitsStored - 1).astype(kind).tobytes()
    return _dicom_octets(image)


def make_dicom8(seed: int) -> bytes:
    return make_dicom(seed, bits=8)


def make_dicom_jpeg(seed: int) -> bytes:
    image = pydicom.dcmread(io.BytesIO(make_dicom(seed, bits=8)))
    frame = _saved(picture(seed, 256, 256).convert("L"), "JPEG", quality=90)
    image.PixelData = pydicom.encaps.encapsulate([frame])
    image["PixelData"].VR = "OB"
    image["PixelData"].is_undefined_length = True
    image.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return _dicom_octets(image)


def make_dicom_rle(seed: int) -> bytes:
    image = pydicom.dcmread(io.BytesIO(make_dicom(seed)))
    image.compress(RLELossless)
    return _dicom_octets(image)


def _dicom_octets(image: pydicom.Dataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, image, enforce_file_format=True)
    return buffer.getvalue()


def make_jpeg(seed: int) -> bytes:
    return _saved(picture(seed), "JPEG", quality=88)


def make_png(seed: int) -> bytes:
    return _saved(picture(seed), "PNG")


def make_zip(seed: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(4):
            archive.writestr(f"note-{part}.txt", prose(seed * 10 + part))
        archive.writestr("image.jpg", make_jpeg(seed))
    return buffer.getvalue()


def make_gzip(seed: int) -> bytes:
    return gzip.compress(prose(seed, 4000).encode(), mtime=0)


def make_text(seed: int) -> bytes:
    return prose(seed, 900).encode()


def make_latin1(seed: int) -> bytes:
    return prose(seed, 900).encode("latin-1")


def make_csv(seed: int) -> bytes:
    draw = random.Random(seed)
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";")
    writer.writerow(["service", "lit", "heure", "valeur"])
    for row in range(300):
        writer.writerow([draw.choice(_WORDS), row, f"{row % 24:02d}:00", round(draw.random(), 3)])
    return buffer.getvalue().encode()


def make_json(seed: int) -> bytes:
    draw = random.Random(seed)
    entries = [
        {"resourceType": "Observation", "id": f"o{row}", "value": draw.randint(0, 400)}
        for row in range(150)
    ]
    return json.dumps({"resourceType": "Bundle", "entry": entries}, indent=2).encode()


def make_xml(seed: int) -> bytes:
    rows = "\n".join(f"<ligne n='{n}'>{t}</ligne>" for n, t in enumerate(prose(seed).splitlines()))
    return f"<?xml version='1.0' encoding='utf-8'?>\n<note>\n{rows}\n</note>\n".encode()


def make_hl7(seed: int) -> bytes:
    draw = random.Random(seed)
    lines = [r"MSH|^~\&|GAM|CH|RELEVE|CH|20261123010000||ADT^A01^ADT_A01|1|D|2.5|||||FRA|8859/1"]
    lines += [f"OBX|{n}|NM|2160-0^Créat^LN||{draw.randint(40, 300)}|umol/L" for n in range(60)]
    return "\r".join(lines).encode("latin-1")


def make_sqlite(seed: int) -> bytes:
    database = sqlite3.connect(":memory:")
    database.execute("create table note (id integer primary key, texte text)")
    rows = [(line,) for line in prose(seed, 2000).splitlines()]
    database.executemany("insert into note (texte) values (?)", rows)
    database.commit()
    octets = database.serialize()
    database.close()
    return octets


def make_bmp(seed: int) -> bytes:
    return _saved(picture(seed), "BMP")


DOCUMENTS: dict[str, tuple[str, Maker]] = {
    "docx": ("docx", make_docx),
    "xlsx": ("xlsx", make_xlsx),
    "odt": ("odt", make_odt),
    "pdf": ("pdf", make_pdf),
    "dicom": ("dcm", make_dicom),
    "dicom8": ("dcm", make_dicom8),
    "dicom-jpeg": ("dcm", make_dicom_jpeg),
    "dicom-rle": ("dcm", make_dicom_rle),
    "jpeg": ("jpg", make_jpeg),
    "png": ("png", make_png),
    "zip": ("zip", make_zip),
    "gzip": ("gz", make_gzip),
    "text": ("txt", make_text),
    "latin1": ("txt", make_latin1),
    "csv": ("csv", make_csv),
    "json": ("json", make_json),
    "xml": ("xml", make_xml),
    "hl7": ("hl7", make_hl7),
    "sqlite": ("sqlite", make_sqlite),
    "bmp": ("bmp", make_bmp),
}


def _edit_docx(data: bytes) -> bytes:
    document = docx.Document(io.BytesIO(data))
    document.add_paragraph("Paragraphe ajouté ce matin.")
    document.paragraphs[2].text = "Phrase corrigée."
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _edit_xlsx(data: bytes) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.active
    assert sheet is not None
    sheet["B3"] = 12.5
    sheet.delete_rows(50, 20)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _edit_odt(data: bytes) -> bytes:
    document = load(io.BytesIO(data))
    first = document.getElementsByType(odf_text.P)[0]
    document.text.addElement(odf_text.P(text="Copie de " + teletype.extractText(first)))
    buffer = io.BytesIO()
    document.write(buffer)
    return buffer.getvalue()


def _rezip(data: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", method) as archive,
    ):
        for name in old.namelist():
            archive.writestr(name, old.read(name))
    return buffer.getvalue()


def lock_zip(data: bytes) -> bytes:
    """Every member marked as encrypted, its data replaced: what a password leaves visible."""
    octets = bytearray(data)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(signature), data):
            octets[found.start() + flags] |= 1
    return bytes(octets)


def _pdf_saved(data: bytes, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.docinfo["/Title"] = "Compte rendu relu"
        pdf.save(buffer, **options)
    return buffer.getvalue()


def _pdf_locked(data: bytes) -> bytes:
    return _pdf_saved(data, encryption=pikepdf.Encryption(owner="prop", user="lecture", R=6))


def _dicom_edit(change: Callable[[pydicom.Dataset], None]) -> Edit:
    def edit(data: bytes) -> bytes:
        image = pydicom.dcmread(io.BytesIO(data))
        change(image)
        return _dicom_octets(image)

    return edit


def _anonymise(image: pydicom.Dataset) -> None:
    image.PatientName, image.PatientID = "ANONYME", "0"
    image.remove_private_tags()


def _window(image: pydicom.Dataset) -> None:
    image.WindowCenter, image.WindowWidth = 300, 1500


def _black_corner(image: pydicom.Dataset) -> None:
    array = image.pixel_array.copy()
    array[: image.Rows // 5, : image.Columns // 3] = 0
    image.PixelData = array.tobytes()


def _samples(image: pydicom.Dataset) -> np.ndarray[tuple[int, ...], np.dtype[np.integer]]:
    if image.BitsAllocated < 8:
        raise ValueError("a mask of single bits has no brightness")
    return image.pixel_array


def _brighter(image: pydicom.Dataset) -> None:
    array = _samples(image)
    image.PixelData = (array // 2 + 20).astype(array.dtype).tobytes()


def _negative(image: pydicom.Dataset) -> None:
    array = _samples(image)
    image.PixelData = (2**image.BitsStored - 1 - array).astype(array.dtype).tobytes()


def _picture_edit(name: str, change: Callable[[Image.Image], Image.Image], **more: object) -> Edit:
    return lambda data: _saved(change(Image.open(io.BytesIO(data))), name, **more)


def _sorted_lines(data: bytes) -> bytes:
    head, *rows = data.split(b"\n")
    return b"\n".join([head, *sorted(rows)])


_TEXT_EDITS: list[tuple[str, Edit]] = [
    ("crlf", lambda data: data.replace(b"\n", b"\r\n")),
    ("one word", lambda data: data.replace(b"patient", b"malade", 3)),
    ("rewritten", lambda data: make_text(len(data) + 1)),
    ("much longer", lambda data: data + make_text(7) * 5),
    ("log rotated", lambda data: data[: len(data) // 50]),
    ("emptied", lambda data: b""),
    ("upper case", lambda data: data.upper()),
    ("picture embedded", lambda data: data + b"\n" + base64.b64encode(make_png(3)) + b"\n"),
    ("key appended", lambda data: data + b"\ncle: " + base64.b64encode(make_gzip(1)[:300])),
]

EDITS: dict[str, list[tuple[str, Edit]]] = {
    "docx": [("edited", _edit_docx), ("re-zipped", _rezip)],
    "xlsx": [("edited", _edit_xlsx), ("re-zipped", _rezip)],
    "odt": [("edited", _edit_odt), ("re-zipped", _rezip)],
    "pdf": [
        ("saved again", _pdf_saved),
        ("linearised", lambda data: _pdf_saved(data, linearize=True)),
        ("uncompressed", lambda data: _pdf_saved(data, compress_streams=False)),
        ("password", _pdf_locked),
        ("another", lambda data: make_pdf(len(data))),
    ],
    **{
        kind: [
            ("anonymised", _dicom_edit(_anonymise)),
            ("window", _dicom_edit(_window)),
            ("black corner", _dicom_edit(_black_corner)),
            ("brighter", _dicom_edit(_brighter)),
            ("negative", _dicom_edit(_negative)),
            ("compressed", _dicom_edit(lambda image: image.compress(RLELossless))),
        ]
        for kind in ("dicom", "dicom8")
    },
    "dicom-jpeg": [("anonymised", _dicom_edit(_anonymise)), ("window", _dicom_edit(_window))],
    "dicom-rle": [
        ("anonymised", _dicom_edit(_anonymise)),
        ("expanded", _dicom_edit(lambda image: image.decompress())),
    ],
    "jpeg": [
        ("quality 60", _picture_edit("JPEG", lambda image: image, quality=60)),
        ("quality 95", _picture_edit("JPEG", lambda image: image, quality=95)),
        ("cropped", _picture_edit("JPEG", lambda image: image.crop((10, 10, 150, 120)))),
        ("rotated", _picture_edit("JPEG", lambda image: image.rotate(90))),
        ("progressive", _picture_edit("JPEG", lambda image: image, progressive=True)),
        ("as png", _picture_edit("PNG", lambda image: image)),
    ],
    "png": [
        ("cropped", _picture_edit("PNG", lambda image: image.crop((10, 10, 150, 120)))),
        ("rotated", _picture_edit("PNG", lambda image: image.rotate(90))),
        ("optimised", _picture_edit("PNG", lambda image: image, compress_level=9)),
        ("as jpeg", _picture_edit("JPEG", lambda image: image)),
    ],
    "zip": [
        ("stored", _rezip),
        ("bzip2", lambda data: _rezip(data, zipfile.ZIP_BZIP2)),
        ("lzma", lambda data: _rezip(data, zipfile.ZIP_LZMA)),
        ("password", lock_zip),
        ("another", lambda data: make_zip(len(data))),
    ],
    "gzip": [
        ("level 1", lambda data: gzip.compress(gzip.decompress(data), 1)),
        ("another", lambda data: make_gzip(len(data))),
        ("two members", lambda data: data + make_gzip(5)),
    ],
    "text": _TEXT_EDITS,
    "latin1": [*_TEXT_EDITS[:2], ("to utf-8", lambda d: d.decode("latin-1").encode())],
    "csv": [("sorted", _sorted_lines), ("other figures", lambda data: make_csv(len(data)))],
    "json": [
        ("minified", lambda d: json.dumps(json.loads(d), separators=(",", ":")).encode()),
        ("other figures", lambda data: make_json(len(data))),
    ],
    "xml": [
        ("rewritten", lambda data: make_xml(len(data))),
        ("one line", lambda d: d.replace(b"\n", b"")),
    ],
    "hl7": [("other message", lambda data: make_hl7(len(data)))],
    "bmp": [("brighter", _picture_edit("BMP", lambda image: image.point(lambda v: v // 2)))],
}

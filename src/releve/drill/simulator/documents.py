"""Documents of an invented hospital, written by the libraries hospitals' own tools are made of.

Every function takes a :class:`random.Random` and returns bytes that depend on it and on nothing
else: no clock, no locale, no order of a set. Names and numbers are invented; the establishment
(« Valbrume ») does not exist.
"""

from __future__ import annotations

import array
import gzip
import io
import re
import zipfile
from collections.abc import Callable
from random import Random

import docx as python_docx
import openpyxl
from odf.opendocument import OpenDocumentText
from odf.text import H, P
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from reportlab.pdfgen.canvas import Canvas

#: Root of invented identifiers (UUID-derived arc, PS3.5 B.2): it belongs to no manufacturer.
_UID_ROOT = "2.25.9900000100"
_ZIP_DATE = (2026, 11, 20, 8, 0, 0)
_DATES = re.compile(
    rb"(<(dcterms:(?:created|modified)|dc:date|meta:creation-date)[^>]*>)[^<]*(</\2>)"
)

_SURNAMES = [
    "Brindeloup", "Corbeval", "Dutaillis", "Esquivel-Test", "Fontbrume", "Garenvaux",
    "Hautepierre-Test", "Jolivoir", "Lescampel", "Malvoisin-Test", "Noirétable", "Orvaline",
    "Pervenchet", "Querelleau", "Roncevert", "Sabliomont", "Tourmentel", "Valserine",
    "Ybrancourt", "Zinzolin",
]  # fmt: skip
_FIRST = [
    "Abeline", "Barnabé", "Clotaire", "Doriane", "Eudes", "Flavienne", "Gontran", "Hermance",
    "Isaure", "Joachim", "Ludivine", "Maxence", "Nolwenn", "Octave", "Pétronille", "Quitterie",
    "Romuald", "Sidonie", "Théodule", "Violaine",
]  # fmt: skip
_SENTENCES = (
    "Patient vu ce matin, constantes stables, apyrétique depuis la veille.",
    "Conduite à tenir : surveillance rapprochée, bilan de contrôle demandé pour demain.",
    "Le traitement habituel est poursuivi à l'identique, tolérance correcte.",
    "Compte rendu transmis au médecin traitant, copie au dossier papier du service.",
    "Le chariot d'urgence a été contrôlé, les péremptions sont notées au registre.",
    "Présence d'une personne de confiance, désignée par écrit et recopiée ici.",
    "Transfert envisagé vers le second site si un lit se libère avant midi.",
    "La commande de solutés est à revoir avec la pharmacie avant la fin de semaine.",
    "Identité vérifiée au bracelet, concordante avec la feuille de pancarte.",
    "Relève faite oralement à l'équipe de nuit, consignes écrites au cahier.",
    "Douleur évaluée à deux sur dix, antalgique de palier un, réévaluation à quatre heures.",
    "Le matériel emprunté au bloc est revenu, l'inventaire est complet.",
)
_EXAMS = (
    ("NFS hémoglobine", "g/dL", 8, 17),
    ("Créatinine", "µmol/L", 45, 180),
    ("Potassium", "mmol/L", 3, 6),
    ("CRP", "mg/L", 1, 120),
    ("Glycémie", "mmol/L", 4, 12),
    ("Plaquettes", "G/L", 90, 420),
)


def person(rng: Random) -> str:
    """An invented person, « Sidonie Orvaline »."""
    return f"{rng.choice(_FIRST)} {rng.choice(_SURNAMES)}"


def sentences(rng: Random, count: int) -> list[str]:
    """``count`` sentences of a ward's daily writing, each with a figure of its own."""
    return [f"{rng.choice(_SENTENCES)} (réf. {rng.randrange(10**6):06d})" for _ in range(count)]


def results(rng: Random, rows: int) -> list[tuple[str, str, str, float, str]]:
    """Rows of laboratory results: file number, person, exam, value, unit."""
    table = []
    for _ in range(rows):
        exam, unit, low, high = rng.choice(_EXAMS)
        number = f"99{rng.randrange(10**7):07d}"
        value = rng.randrange(low * 10, high * 10) / 10
        table.append((number, person(rng), exam, value, unit))
    return table


def docx(rng: Random) -> bytes:
    """A letter of two headings and a dozen paragraphs (python-docx)."""
    document = python_docx.Document()
    document.add_heading(f"Compte rendu – {person(rng)}", level=1)
    for line in sentences(rng, 12):
        document.add_paragraph(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return settled(buffer.getvalue())


def xlsx(rng: Random) -> bytes:
    """A table of results (openpyxl)."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Dossier", "Nom", "Examen", "Valeur", "Unité"])
    for row in results(rng, 40):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return settled(buffer.getvalue())


def odt(rng: Random) -> bytes:
    """A ward procedure (odfpy)."""
    document = OpenDocumentText()
    document.text.addElement(H(outlinelevel=1, text=f"Procédure {rng.randrange(1000):03d}"))
    for line in sentences(rng, 30):
        document.text.addElement(P(text=line))
    buffer = io.BytesIO()
    document.save(buffer)
    return settled(buffer.getvalue())


def pdf(rng: Random) -> bytes:
    """Two pages of a report (reportlab, invariant)."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    canvas.setTitle("Compte rendu d'examen")
    for _ in range(2):
        canvas.drawString(60, 800, f"Centre hospitalier de Valbrume – {person(rng)}")
        for rank, line in enumerate(sentences(rng, 30)):
            canvas.drawString(60, 770 - 22 * rank, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def dicom(rng: Random) -> bytes:
    """A 128 x 128, 12-bit image as a scanner would store it (pydicom, explicit little endian)."""
    identifier = UID(f"{_UID_ROOT}.{rng.randrange(10**12)}")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = identifier
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(_UID_ROOT)
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID = SecondaryCaptureImageStorage
    image.SOPInstanceUID = identifier
    image.StudyInstanceUID, image.SeriesInstanceUID = f"{identifier}.1", f"{identifier}.2"
    image.PatientName = person(rng).replace(" ", "^")
    image.PatientID = f"99{rng.randrange(10**7):07d}"
    image.SpecificCharacterSet = "ISO_IR 192"
    image.Modality, image.StudyDate = "OT", "20261120"
    image.Rows, image.Columns = 128, 128
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    grey = _cloud(rng, 128, 128).tobytes()
    image.PixelData = array.array("H", (level << 4 for level in grey)).tobytes()
    buffer = io.BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def jpeg(rng: Random) -> bytes:
    """A photograph-like picture, quality 85 (Pillow)."""
    buffer = io.BytesIO()
    picture(rng, 480, 360).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def png(rng: Random) -> bytes:
    """A screen-like picture (Pillow)."""
    buffer = io.BytesIO()
    picture(rng, 200, 150).save(buffer, "PNG")
    return buffer.getvalue()


def archive(rng: Random) -> bytes:
    """A zip of three exports (zipfile)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for rank in range(3):
            target.writestr(zipfile.ZipInfo(f"export-{rank}.csv", _ZIP_DATE), table(rng))
    return settled(buffer.getvalue())


def compressed(rng: Random) -> bytes:
    """A rotated log (gzip without a date)."""
    return gzip.compress(log(rng), mtime=0)


def table(rng: Random) -> bytes:
    """A CSV export, semicolons and UTF-8, as French spreadsheets open it."""
    lines = ["dossier;nom;examen;valeur;unite"]
    lines += [";".join(map(str, row)) for row in results(rng, 90)]
    return ("\r\n".join(lines) + "\r\n").encode()


def text(rng: Random) -> bytes:
    """A note of the ward."""
    return ("\n".join([f"Cahier de transmissions – {person(rng)}", *sentences(rng, 60)])).encode()


def log(rng: Random) -> bytes:
    """Two hundred lines of an automaton's log."""
    lines = (
        f"2026-11-{rng.randrange(1, 21):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00"
        f" automate-{rng.randrange(1, 5)} echantillon={rng.randrange(10**8):08d} etat=rendu"
        for _ in range(200)
    )
    return ("\n".join(lines) + "\n").encode()


#: What each extension is made by.
MAKERS: dict[str, Callable[[Random], bytes]] = {
    "docx": docx,
    "xlsx": xlsx,
    "odt": odt,
    "pdf": pdf,
    "dcm": dicom,
    "jpg": jpeg,
    "png": png,
    "zip": archive,
    "gz": compressed,
    "csv": table,
    "txt": text,
    "log": log,
}


def picture(rng: Random, width: int, height: int) -> Image.Image:
    """A smooth coloured field with a few drawn shapes."""
    bands = [_cloud(rng, width, height) for _ in range(3)]
    image = Image.merge("RGB", bands)
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        x, y = rng.randrange(width), rng.randrange(height)
        draw.rectangle((x, y, x + 30, y + 12), outline=(20, 20, rng.randrange(256)))
    return image


def settled(data: bytes) -> bytes:
    """The same zip container without the hour at which a library wrote it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for member in source.infolist():
            entry = zipfile.ZipInfo(member.filename, _ZIP_DATE)
            entry.compress_type = member.compress_type
            entry.create_system = 0
            content = source.read(member)
            if member.filename in ("docProps/core.xml", "meta.xml"):
                content = _DATES.sub(rb"\g<1>2026-11-20T08:00:00Z\g<3>", content)
            target.writestr(entry, content)
    return buffer.getvalue()


def _cloud(rng: Random, width: int, height: int) -> Image.Image:
    """Twelve by twelve random levels drawn out smoothly: neighbours look alike, as in a picture."""
    seed = Image.frombytes("L", (12, 12), rng.randbytes(144))
    return seed.resize((width, height), Image.Resampling.BICUBIC)

"""PDF, read by qpdf: every stream it can decode is decoded, every JPEG inside is walked."""

from __future__ import annotations

import io

import pikepdf

from releve.vault.formats.images import jpeg_defect
from releve.vault.formats.reading import PARSER_ERRORS, Reading, State

_MAX_OBJECTS = 50_000


def read_pdf(data: bytes) -> Reading:
    """Broken when qpdf cannot open it or finds no page; ``faults`` counts what it stepped over."""
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            faults = len(pdf.get_warnings())
            if not len(pdf.pages):
                return Reading("pdf", State.BROKEN, "plus aucune page")
            faults += len(pdf.check_pdf_syntax())
            faults += _bad_jpegs(pdf)
    except pikepdf.PasswordError:
        return _locked(data)
    except (pikepdf.PdfError, *PARSER_ERRORS) as error:
        return Reading("pdf", State.BROKEN, f"PDF illisible ({str(error)[-80:]})")
    detail = f"{faults} anomalies dans la structure du PDF" if faults else ""
    return Reading("pdf", State.SOUND, detail, faults)


def _bad_jpegs(pdf: pikepdf.Pdf) -> int:
    """Pictures of scanned pages: qpdf does not look inside them."""
    if len(pdf.objects) > _MAX_OBJECTS:
        return 0
    bad = 0
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Filter") == pikepdf.Name.DCTDecode:
            bad += bool(jpeg_defect(item.read_raw_bytes()))
    return bad


def _locked(data: bytes) -> Reading:
    """Without the password only the frame of the file can be seen."""
    tail = data[-2048:]
    if b"startxref" not in tail or b"%%EOF" not in tail:
        return Reading("pdf", State.BROKEN, "la fin du PDF manque")
    return Reading("pdf", State.LOCKED, "protégé par mot de passe")

"""DICOM: the data set is walked whole, its values held against their type, its pixels against the
version before.

Pixels carry no checksum: only the comparison sees them damaged. Anonymising, another window,
another compression leave pictures whose neighbours still resemble each other, and are not damage.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator

import pydicom
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag

from releve.vault.formats.images import jpeg_defect
from releve.vault.formats.overwrite import overwritten_stream, scrambled
from releve.vault.formats.reading import PARSER_ERRORS, LimitReached, Reading, State
from releve.vault.formats.samples import Geometry, disordered

_MAX_ELEMENTS = 20_000
_MAX_FRAMES = 2_000
#: Deflated explicit little endian: the whole data set is packed, the pixels are not.
_DEFLATED = "1.2.840.10008.1.2.1.99"
#: PS3.5 §6.2, the repertoire of each value representation; kept wide: real files stray a little.
_REPERTOIRE: dict[str, re.Pattern[bytes]] = {
    "DS": re.compile(rb"[\d+\-eE. \\\0]*"),
    "IS": re.compile(rb"[\d+\- \\\0]*"),
    "DA": re.compile(rb"[\d.\-: \\\0]*"),
    "TM": re.compile(rb"[\d.\-: \\\0]*"),
    "DT": re.compile(rb"[\d.+\-: \\\0]*"),
    "UI": re.compile(rb"[\d. \\\0]*"),
    "AS": re.compile(rb"[\dDWMY \\\0]*"),
    "CS": re.compile(rb"[A-Za-z0-9_\-/. \\\0]*"),
}
_NO_CONTROLS = re.compile(rb"[^\x01-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]*")
_TEXTS = {"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
_BINARY = {"AT", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL", "UN"}
_BINARY |= {"US", "UV", "OB or OW", "US or SS", "US or SS or OW", "US or OW"}


def read_dicom(data: bytes) -> Reading:
    """Broken when the data set cannot be walked; ``faults`` counts values out of their type."""
    try:
        dataset, faults = _open(data)
        faults += sum(1 for item in _items(dataset) if not _plausible(*item))
        faults += _pixel_faults(dataset)
    except (InvalidDicomError, *PARSER_ERRORS) as error:
        return Reading("dicom", State.BROKEN, f"DICOM illisible ({str(error)[:60]})")
    detail = f"{faults} valeurs hors norme ou pixels incomplets" if faults else ""
    return Reading("dicom", State.SOUND, detail, faults)


def compare_dicoms(before: bytes, after: bytes) -> str:
    """Pixel damage, or a data set most of whose elements vanished (French), or an empty string."""
    try:
        (old, _), (new, _) = _open(before), _open(after)
        old_pixels, new_pixels = (_pixels(dataset) for dataset in (old, new))
    except (InvalidDicomError, *PARSER_ERRORS):
        return ""
    if old_pixels and not new_pixels:
        return "les pixels de l'image médicale ont disparu"
    if len(before) == len(after) and scrambled(before, after):
        return "le contenu de l'image médicale a été écrasé sur place par du bruit"
    if not old_pixels or len(new_pixels) < len(old_pixels) or old_pixels == new_pixels:
        return ""
    if _syntax(old) != _syntax(new):
        return ""
    if _compressed(old):
        damaged = overwritten_stream(old_pixels, new_pixels)
    else:
        damaged = (
            scrambled(old_pixels, new_pixels)
            or _erased(old_pixels, new_pixels)
            or _no_picture(old, new)
        )
    return "les pixels de l'image médicale sont devenus du bruit" if damaged else ""


def _open(data: bytes) -> tuple[Dataset, int]:
    """The data set and the number of complaints of the reader."""
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        dataset = pydicom.dcmread(io.BytesIO(data))
        if not len(dataset):
            raise ValueError("aucun élément")
    return dataset, len(complaints)


def _items(dataset: Dataset) -> Iterator[tuple[int, str, bytes]]:
    """(tag, value representation, raw octets) of every element, sequences included."""
    pending, seen = [dataset, getattr(dataset, "file_meta", Dataset())], 0
    while pending:
        current = pending.pop()
        for tag in list(current.keys()):
            seen += 1
            if seen > _MAX_ELEMENTS:
                raise LimitReached(f"plus de {_MAX_ELEMENTS} éléments DICOM")
            raw = current.get_item(tag)
            vr = str(raw.VR or _dictionary_vr(tag))
            if vr == "SQ":
                pending.extend(current[tag].value or [])
            elif isinstance(raw.value, bytes):
                yield int(tag), vr, raw.value
            else:
                yield int(tag), vr, b""


def _dictionary_vr(tag: BaseTag) -> str:
    """Implicit syntaxes do not write the representation: PS3.6 says it, « UN » when it does not."""
    return dictionary_VR(tag) if dictionary_has_tag(tag) else "UN"


def _plausible(tag: int, vr: str, value: bytes) -> bool:
    group = tag >> 16
    if group % 2 == 0 and tag & 0xFFFF and not dictionary_has_tag(tag):
        return False
    if pattern := _REPERTOIRE.get(vr):
        return pattern.fullmatch(value) is not None
    if vr in _TEXTS:
        return _NO_CONTROLS.fullmatch(value.rstrip(b"\0")) is not None
    return vr in _BINARY


def _syntax(dataset: Dataset) -> str:
    return str(dataset.file_meta.get("TransferSyntaxUID", ""))


def _compressed(dataset: Dataset) -> bool:
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    return bool(syntax is not None and syntax.is_transfer_syntax and syntax.is_compressed)


def _pixels(dataset: Dataset) -> bytes:
    value = dataset.get("PixelData", b"")
    return value if isinstance(value, bytes) else b""


def _pixel_faults(dataset: Dataset) -> int:
    pixels = _pixels(dataset)
    if not pixels:
        return 0
    if _compressed(dataset) and _syntax(dataset) != _DEFLATED:
        return _frame_faults(pixels, int(dataset.get("NumberOfFrames") or 1))
    bits = (
        int(dataset.get("Rows", 0))
        * int(dataset.get("Columns", 0))
        * int(dataset.get("SamplesPerPixel", 1))
        * int(dataset.get("NumberOfFrames") or 1)
        * int(dataset.get("BitsAllocated", 0))
    )
    return int(len(pixels) < bits // 8)


def _frame_faults(pixels: bytes, frames: int) -> int:
    """Fragments (PS3.5 Annex A.4) and, for the JPEG family, the markers of each frame."""
    faults = 0
    for index, frame in enumerate(generate_frames(pixels, number_of_frames=frames)):
        if index >= _MAX_FRAMES:
            break
        if frame.startswith(b"\xff\xd8\xff"):
            faults += bool(_marker_defect(frame))
    return faults


def _marker_defect(frame: bytes) -> str:
    """JPEG-LS stuffs differently (a zero bit after 0xff): only its ends are looked at."""
    if b"\xff\xf7" in frame[:64]:
        return "" if b"\xff\xd9" in frame[-4:] else "fin de trame absente"
    return jpeg_defect(frame)


def _no_picture(old: Dataset, new: Dataset) -> bool:
    geometry = _geometry(old)
    return geometry == _geometry(new) and disordered(_pixels(old), _pixels(new), geometry)


def _geometry(dataset: Dataset) -> Geometry:
    planes = _number(dataset, "PlanarConfiguration")
    colours = _number(dataset, "SamplesPerPixel")
    return Geometry(
        rows=_number(dataset, "Rows") * (colours if planes else 1),
        columns=_number(dataset, "Columns"),
        colours=1 if planes else colours,
        bits=_number(dataset, "BitsAllocated"),
        stored=_number(dataset, "BitsStored"),
        signed=_number(dataset, "PixelRepresentation"),
        meaning=str(dataset.get("PhotometricInterpretation", "")),
    )


def _number(dataset: Dataset, name: str) -> int:
    """One unsigned value; 0 when it is absent or is not one."""
    value = dataset.get(name, 0)
    return value if isinstance(value, int) and value > 0 else 0


def _erased(before: bytes, after: bytes) -> bool:
    return len(set(after)) == 1 and len(set(before)) >= 16

"""A whole dossier in a new folder: six PDF, two CSV, one JSON that says what is in it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from releve import __version__
from releve.dossier import privacy, technical
from releve.dossier.blocks import Document
from releve.dossier.errors import FolderTaken
from releve.dossier.material import Material
from releve.dossier.paper import to_pdf
from releve.kernel.clock import iso
from releve.kernel.durable import create_durably

#: A cell that a spreadsheet would run.
_LIVE = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Made:
    """What was written: file name → SHA-256; what is missing, each said once, in order."""

    files: dict[str, str]
    missing: tuple[str, ...]


def documents(material: Material) -> tuple[Document, ...]:
    """The six, in the order they are read."""
    return (
        technical.architecture(material),
        technical.flows(material),
        privacy.impact(material),
        privacy.register(material),
        technical.operating(material),
        technical.security(material),
    )


def write(material: Material, folder: Path) -> Made:
    """Everything is composed first: a document that fails leaves nothing. Raises
    :class:`~releve.dossier.errors.FolderTaken`, ``DossierRefused``.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(path=folder)
    made = documents(material)
    files = {f"{document.slug}.pdf": to_pdf(document, material) for document in made}
    files["flux.csv"] = table(technical.flow_heads(), technical.flow_rows(material))
    files["registre.csv"] = table(privacy.register_heads(), privacy.register_rows(material))
    missing = tuple(dict.fromkeys(said for document in made for said in document.missing))
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    told = {
        "version": __version__,
        "made": iso(material.made),
        "home": material.home,
        "world": material.world,
        "missing": missing,
        "files": digests,
        "flows": [asdict(flow) for flow in material.flows],
        "stores": [asdict(store) for store in material.stores],
        "parts": list(material.parts),
        "verbs": [verb.name for verb in material.verbs],
    }
    files["dossier.json"] = json.dumps(told, ensure_ascii=False, indent=1).encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        create_durably(folder / name, data, mode=0o644)
    return Made(digests, missing)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """CSV for a French spreadsheet (semicolons, UTF-8 with its mark); no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in (heads, *rows):
        writer.writerow([_inert(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    shown = "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in cell)
    return f"'{shown}" if shown.startswith(_LIVE) else shown

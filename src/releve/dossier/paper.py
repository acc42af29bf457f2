"""A document on paper: Typst fills ``dossier.typ`` with texts that travel as one JSON value."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from releve import __version__
from releve.dossier.blocks import Document
from releve.dossier.errors import DossierRefused
from releve.dossier.material import Material
from releve.kernel.units import moment

_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
#: Names are broken after their signs, longer runs anywhere; nothing shows there.
_SIGN = re.compile(r"(?<=\w[./_:])(?=\w)")
_RUN = re.compile(r"[^\s\u200b]{16}(?=[^\s\u200b])")
_LONGEST = 2000


def to_pdf(document: Document, material: Material) -> bytes:
    """A4, black on white; the same words and time give the same bytes. Raises
    :class:`~releve.dossier.errors.DossierRefused`.
    """
    import typst

    words = {
        **_fitted(asdict(document)),
        "head": _broken(f"{material.entity or 'établissement non déclaré'} · {material.home}"),
        "world": "SIMULATION" if material.world == "drill" else "RÉEL",
        "made": moment(material.made),
        "version": __version__,
    }
    try:
        made = typst.compile(
            Path(__file__).with_name("dossier.typ"),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            sys_inputs={"dossier": json.dumps(words, ensure_ascii=False)},
            timestamp=material.made.replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise DossierRefused(name=document.title, why=error.message) from error
    if not isinstance(made, bytes):
        raise DossierRefused(name=document.title, why="Typst n'a pas rendu un document seul")
    return made


def _fitted(value: object) -> dict[str, object]:
    found = _walk(value)
    assert isinstance(found, dict)  # noqa: S101  (asdict gives one)
    return found


def _walk(value: object) -> object:
    if isinstance(value, dict):
        return {k: v if k == "svg" else _walk(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(each) for each in value]
    return _broken(value) if isinstance(value, str) else value


def _broken(text: str) -> str:
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:_LONGEST])
    return _RUN.sub(lambda run: run[0] + "\u200b", _SIGN.sub("\u200b", shown))


def _fonts() -> list[Path]:
    carried = find_spec("reportlab")
    folders = [_DEJAVU]
    if carried is not None and carried.origin is not None:
        folders.append(Path(carried.origin).parent / "fonts")
    return [folder for folder in folders if folder.is_dir()]

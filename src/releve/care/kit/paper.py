"""The ward on paper: Typst fills ``paper.typ`` with the words of :mod:`releve.care.kit.shown`.

They travel as one JSON value, so a hostile name is text and never markup. Fonts: the machine's
DejaVu Sans when it is there, else the sans that ReportLab carries; both are embedded.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from releve.care.kit.errors import PaperRefused
from releve.care.kit.page import Cover

if TYPE_CHECKING:
    import typst

_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")


def to_pdf(cover: Cover, words: dict[str, Any], built: datetime) -> bytes:
    """A4, black on white, in bed order, traits on every page; same words, same bytes.

    Raises :class:`PaperRefused`.
    """
    import typst

    data = {"cover": cover.to_json(), **words}
    try:
        made = _compiler().compile(
            format="pdf",
            sys_inputs={"kit": json.dumps(data, ensure_ascii=False)},
            timestamp=built.replace(microsecond=0),
            # Five times the size and ten times the work; the screen is the accessible version.
            pdf_tags=False,
        )
    except typst.TypstError as error:
        raise PaperRefused(ward=cover.ward, why=error.message) from error
    if not isinstance(made, bytes):
        raise PaperRefused(ward=cover.ward, why="Typst n'a pas rendu un document seul")
    return made


@cache
def _compiler() -> typst.Compiler:
    """Fonts are read once for all the wards of a round."""
    import typst

    return typst.Compiler(
        Path(__file__).with_name("paper.typ"), font_paths=_fonts(), ignore_system_fonts=True
    )


def _fonts() -> list[Path]:
    carried = find_spec("reportlab")
    folders = [_DEJAVU]
    if carried is not None and carried.origin is not None:
        folders.append(Path(carried.origin).parent / "fonts")
    return [folder for folder in folders if folder.is_dir()]

"""The ward on paper: Typst fills ``paper.typ`` with the words of :mod:`releve.care.kit.shown`.

They travel as one JSON value, so a hostile name is text and never markup. Fonts: the machine's
DejaVu Sans when it is there, else the sans that ReportLab carries; both are embedded.

What paper cannot hold (a run without a space, a text of many pages) is broken or cut short here,
with a sentence that says so; the words and values of the kit itself are never touched.
"""

from __future__ import annotations

import json
import re
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
#: Where a line may break although nothing shows there.
_BREAK = "\u200b"
#: A mark stays on its letter when a run is broken after it.
_MARKS = "[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]*"
#: Longer runs are broken: by what a line, the large type of a head, a census column and the bed's
#: own narrow column hold of wide letters.
_LINE, _HEAD, _COLUMN, _BED = (re.compile(rf"\S{{{n}}}{_MARKS}(?=\S)") for n in (40, 36, 12, 5))
_BLANKS = re.compile(r"\n(?:[ \t]*\n){2,}")
#: Characters and lines of one text: two sheets at most, wherever it stands.
_LONGEST, _LINES = 4000, 80
#: Traits stand in the head of every page, the census in cells that do not break.
_SHORT, _SHORT_BED, _SHORT_LINES = 400, 60, 10
_TRAITS = ("ipp", "name", "born", "sex", "ins", "place")
_CENSUS = ("name", "ipp", "born", "allergies")
_ON_SCREEN = "la suite est dans le kit à l'écran"
_ON_SHEET = "la suite est sur la feuille du patient"


def to_pdf(cover: Cover, words: dict[str, Any], built: datetime) -> bytes:
    """A4, black on white, in bed order, traits on every page; same words, same bytes.

    Raises :class:`PaperRefused`.
    """
    import typst

    patients = [_patient(patient) for patient in words["patients"]]
    data = {**words, "cover": _cover(cover), "patients": patients}
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


def _cover(cover: Cover) -> dict[str, Any]:
    """The cover: names of a house may be long too."""
    fields = cover.to_json().items()
    return {k: _short(v, _HEAD, _ON_SCREEN) if isinstance(v, str) else v for k, v in fields}


def _patient(words: dict[str, Any]) -> dict[str, Any]:
    """The same patient as paper can hold it; ``census`` is what stands in the narrow columns."""
    traits = {key: _short(words[key], _HEAD, _ON_SCREEN) for key in _TRAITS}
    columns = {key: _short(words[key], _COLUMN, _ON_SHEET) for key in _CENSUS}
    bed = _fitted(words["bed"], _BED, _SHORT_BED, _SHORT_LINES, _ON_SCREEN)
    traits["bed"] = _fitted(words["bed"], _HEAD, _SHORT_BED, _SHORT_LINES, _ON_SCREEN)
    alerts = [_short(text, _COLUMN, _ON_SHEET) for text in words["attention"]]
    return {
        **words,
        **traits,
        "census": {**columns, "bed": bed, "attention": alerts},
        "attention": [_short(text, _LINE, _ON_SCREEN) for text in words["attention"]],
        "notes": [_long(text) for text in words["notes"]],
        "sections": [
            {**section, "rows": [_row(row) for row in section["rows"]]}
            for section in words["sections"]
        ],
    }


def _row(words: dict[str, Any]) -> dict[str, Any]:
    rest = [(_long(label), _long(value)) for label, value in words["rest"]]
    ended = _long(words["ended_words"])
    return {**words, "main": _long(words["main"]), "rest": rest, "ended_words": ended}


def _long(text: str) -> str:
    return _fitted(text, _LINE, _LONGEST, _LINES, _ON_SCREEN)


def _short(text: str, run: re.Pattern[str], where: str) -> str:
    return _fitted(text, run, _SHORT, _SHORT_LINES, where)


def _fitted(text: str, run: re.Pattern[str], longest: int, lines: int, where: str) -> str:
    """``text`` with its long runs broken; its beginning and a sentence when it is too long."""
    kept = _BLANKS.sub("\n\n", text[:longest])
    first = kept.split("\n", lines)[:lines]
    whole = len(text) <= longest and kept.count("\n") < lines
    broken = run.sub(lambda found: found[0] + _BREAK, "\n".join(first))
    if whole:
        return broken
    size = f"{len(text):,}".replace(",", "\u202f")
    return f"{broken} … texte de {size} caractères, {where}"


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

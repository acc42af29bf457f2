"""The report on paper: Typst fills ``report.typ`` with the same words as the HTML.

The words travel as one JSON value, so a hostile string is text and never markup. Fonts: the
machine's DejaVu Sans when it is there, else the sans that ReportLab carries; both are embedded.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import typst

from releve.drill.fonts import fonts
from releve.drill.report import curves, hospital, timeline
from releve.drill.report.curves import Plot
from releve.drill.report.drawings import Drawings
from releve.drill.report.told import Told

#: Black on white; the drawing's own sheet, as paper has no other.
_INK = """
text{font-family:"DejaVu Sans","Bitstream Vera Sans";font-size:15px;fill:#000}
.hour{font-size:14px;fill:#333}.name{font-weight:bold}line{stroke:#999}.axis{stroke:#000}
.guide{stroke:#333;stroke-dasharray:3 4}.stroke{stroke:#000;stroke-width:2.5;fill:none}
.fill{fill:#000}.hollow{fill:#fff}.alarm .fill{fill:#8a0f1a}.failure .stroke{stroke:#8a0f1a}
.ok .fill{fill:#0b3d78}.trace{stroke:#000;stroke-width:2.5}.carte text{font-size:14px}
.box{fill:#fff;stroke:#000}.link{stroke:#999;fill:none}.held{stroke:#000;stroke-width:1.6;fill:none}
"""


class PdfRefused(Exception):
    """Typst could not compose the page; the text is its own message."""


def to_pdf(told: Told, drawn: Drawings, written: datetime) -> bytes:
    """The PDF (PDF/A-2a and PDF/UA-1); the same words and time give the same bytes.

    Raises :class:`PdfRefused` when Typst refuses.
    """
    words = asdict(told) | {
        "svg": timeline.draw(drawn.lanes, width="640", style=_INK),
        "svg_words": timeline.summary(drawn.lanes),
        "lanes": [[one.name, str(len(one.stories)), one.first, one.last] for one in drawn.lanes],
        "chart": hospital.draw(drawn.spots, style=_INK),
        "plots": [_plot(plot) for plot in drawn.plots],
    }
    try:
        made = typst.compile(
            Path(__file__).with_name("report.typ"),
            font_paths=fonts(),
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            sys_inputs={"report": json.dumps(words, ensure_ascii=False)},
            timestamp=written,
        )
    except typst.TypstError as error:
        raise PdfRefused(error.message) from error
    if not isinstance(made, bytes):
        raise PdfRefused("Typst n'a pas rendu un document seul")
    return made


def _plot(plot: Plot) -> dict[str, object]:
    """A curve and its figures."""
    twin = curves.figures(plot)
    return {
        "title": plot.title,
        "said": plot.said,
        "unit": plot.unit,
        "svg": curves.draw(plot, width="640", style=_INK),
        "columns": twin.columns,
        "lines": [[hour, *cells] for hour, cells in twin.lines],
    }

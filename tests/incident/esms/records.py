"""PDFs as hosted records print them: a table, sheets with labels, a list, a scan. All fictional."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

_FIRST = ("Jeanne", "Marcel", "Odette", "René", "Simone", "Lucien", "Yvette", "André")
_LAST = ("ORCHIDÉE", "FENOUIL", "MYOSOTIS", "CASSIS", "PERVENCHE", "GENÊT", "BLEUET", "LILAS")
_DRUGS = ("PARACETAMOL 1 g", "RAMIPRIL 5 mg", "FUROSEMIDE 40 mg", "APIXABAN 2,5 mg")
_DOSES = ("1-1-1-0", "1-0-0-0", "1-0-1-0", "0-0-0-1")


@dataclass(frozen=True)
class Person:
    """What the record knows of a resident."""

    room: str
    name: str
    born: str
    allergies: str
    treatments: tuple[str, ...]


def people(count: int) -> tuple[Person, ...]:
    """The same residents each time."""
    found = []
    for n in range(count):
        drugs = tuple(f"{_DRUGS[(n + k) % 4]} {_DOSES[(n + k) % 4]}" for k in range(1 + n % 4))
        found.append(
            Person(
                str(101 + n),
                f"{_LAST[n % 8]} {_FIRST[(n // 8) % 8]}",
                f"{1 + n % 28:02d}/{1 + n % 12:02d}/{1930 + n % 15}",
                ("Pénicilline", "Aucune connue", "Iode, latex")[n % 3],
                drugs,
            )
        )
    return tuple(found)


def table(
    who: Sequence[Person], *, valign: str = "TOP", grid: bool = True, announced: int | None = None
) -> bytes:
    """A landscape table of several pages, its titles on each; the legend gives the key of doses."""
    out = io.BytesIO()
    plain = getSampleStyleSheet()["BodyText"]
    count = announced or len(who)
    rows: list[list[object]] = [
        ["Chambre", "Nom Prénom", "Né(e) le", "Allergies", "Traitements en cours"]
    ]
    rows += [[p.room, p.name, p.born, p.allergies, "\n".join(p.treatments)] for p in who]
    made = Table(rows, colWidths=[55, 170, 70, 130, 300], repeatRows=1)
    style: list[tuple[object, ...]] = [("VALIGN", (0, 0), (-1, -1), valign)]
    if grid:
        style.append(("GRID", (0, 0), (-1, -1), 0.5, "black"))
    made.setStyle(TableStyle(style))

    def around(canvas: Canvas, _: object) -> None:
        canvas.drawString(40, 575, "EHPAD Les Tilleuls (fictif) - Plan de soins")
        canvas.drawString(40, 20, f"Imprimé le 29/11/2026 05:00 - Page {canvas.getPageNumber()}")

    head = f"Résidents présents : {count} résidents. Posologie : matin - midi - soir - coucher"
    document = SimpleDocTemplate(out, pagesize=landscape(A4), title="Plan de soins")
    document.build([Paragraph(head, plain), made], onFirstPage=around, onLaterPages=around)
    return out.getvalue()


def sheets(who: Sequence[Person]) -> bytes:
    """One sheet after the other, three a page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for number, each in enumerate(who):
        y = 780 - (number % 3) * 240
        canvas.drawString(50, y, f"Résident : {each.name}    Chambre : {each.room}")
        canvas.drawString(50, y - 16, f"Né(e) le : {each.born}    GIR : 3")
        canvas.drawString(50, y - 32, f"Allergies : {each.allergies}")
        canvas.drawString(50, y - 48, "Traitements en cours :")
        for place, words in enumerate(each.treatments):
            canvas.drawString(60, y - 64 - 16 * place, words)
        if number % 3 == 2:
            canvas.showPage()
    canvas.save()
    return out.getvalue()


def plain_list(who: Sequence[Person]) -> bytes:
    """A list, treatments set further right below each name."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    y = 800.0
    for each in who:
        if y < 120:
            canvas.showPage()
            y = 800.0
        canvas.drawString(
            50, y, f"{each.room} {each.name} {each.born} Allergies : {each.allergies}"
        )
        for words in each.treatments:
            y -= 14
            canvas.drawString(80, y, words)
        y -= 20
    canvas.save()
    return out.getvalue()


def scan() -> bytes:
    """A page that holds a drawing and no text."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for step in range(20):
        canvas.rect(60, 100 + 30 * step, 400, 12, fill=1)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def letter(text: str) -> bytes:
    """A page of prose."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for number, line in enumerate(text.splitlines()):
        canvas.drawString(50, 780 - 16 * number, line)
    canvas.save()
    return out.getvalue()


def columns(titles: Sequence[str], rows: Sequence[Sequence[str]], *, align: str = "LEFT") -> bytes:
    """A table with titles of one's own; ``align`` is that of the last two titles."""
    out = io.BytesIO()
    made = Table([list(titles), *map(list, rows)], colWidths=[780 / len(titles)] * len(titles))
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("ALIGN", (-2, 0), (-1, 0), align)]
    made.setStyle(TableStyle(style))
    SimpleDocTemplate(out, pagesize=landscape(A4), leftMargin=30, rightMargin=30).build([made])
    return out.getvalue()

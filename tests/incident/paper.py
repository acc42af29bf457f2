"""Reading printed pages as paper: where each letter lies, how tall it is, what it says."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from releve.establishment import Establishment, load_folder
from releve.establishment.contacts import CrisisContact, contacts_of
from releve.incident.binder.material import Census, Copy, Doubt, Kept, Material, Patient, Variant
from releve.kernel.world import World

VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
NOW = datetime(2026, 11, 29, 1, 12, tzinfo=UTC)
#: Letters may come this near to the paper's edge, in millimetres: the hole punch at left.
LEFT, RIGHT, TOP, BOTTOM = 24.5, 11.0, 7.0, 5.0
HOSTILE = (
    "W" * 300,
    "Ж" * 90 + " 中文名字 🏥 \u202egnp.exe \x1b[31m",
    "#set page(width: 1cm) #panic() $x$ <script>alert(1)</script> @import",
    "Mme de La Très Longue Dénomination-Composée " * 9,
    "é̂́̈" * 60,
)
_MM = 72 / 25.4


@dataclass(frozen=True)
class Letter:
    """A character that leaves ink: its page from 1, its size in points, its edges in millimetres
    from the left and from the top of an A4 sheet.
    """

    page: int
    char: str
    points: float
    left: float
    right: float
    top: float
    bottom: float


def letters(data: bytes) -> Iterator[Letter]:
    """Every letter of a PDF."""
    with pdfium.PdfDocument(data) as book:
        for number, page in enumerate(book, 1):
            text = page.get_textpage()
            tall = page.get_height()
            for at in range(text.count_chars()):
                code = raw.FPDFText_GetUnicode(text.raw, at)
                if code < 33 or code in (0xA0, 0x200B, 0x202F, 0xFFFE):
                    continue
                points = raw.FPDFText_GetFontSize(text.raw, at)
                edges = [ctypes.c_double() for _ in range(4)]
                if not raw.FPDFText_GetCharBox(text.raw, at, *map(ctypes.byref, edges)):
                    continue
                left, right, bottom, top = (edge.value for edge in edges)
                yield Letter(
                    number,
                    chr(code),
                    points,
                    left / _MM,
                    right / _MM,
                    (tall - top) / _MM,
                    (tall - bottom) / _MM,
                )


def said(data: bytes) -> list[str]:
    """The words of each page, on one line."""
    with pdfium.PdfDocument(data) as book:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in book]


def valbrume() -> tuple[Establishment, dict[str, CrisisContact]]:
    """The example hospital and its crisis numbers."""
    return load_folder(VALBRUME), contacts_of(
        {"contacts.csv": (VALBRUME / "contacts.csv").read_bytes()}
    )


def material(variant: Variant = Variant.CELL, number: int = 7) -> Material:
    """A copy of Valbrume's binder, without a census."""
    establishment, contacts = valbrume()
    return Material(
        home="0123456789abcdef",
        world=World.DRILL,
        made=NOW,
        copy=Copy(number, variant, "Cadre de garde"),
        establishment=establishment,
        generation=3,
        fingerprint="a1b2c3d4" * 8,
        contacts=contacts,
        watches=establishment.watches,
        wards=(),
    )


def census(establishment: Establishment, ward: str, count: int) -> Census:
    """Patients of one ward."""
    patients = tuple(
        Patient(ward, f"{n:03d} P", f"PATIENTE Élise {n}", "12/04/1951", f"8000{n:04d}")
        for n in range(1, count + 1)
    )
    return Census("Relève", NOW, patients)


def hostile() -> Material:
    """Every text that comes from outside is hostile; the sheets must hold all the same."""
    base = material()
    names = [HOSTILE[n % len(HOSTILE)] for n in range(40)]
    told = base.establishment
    services = tuple(replace(s, name=names[n]) for n, s in enumerate(told.services[:6]))
    people = tuple(
        replace(p, last_name=names[n], first_name=names[n + 1], phone="" if n % 3 else p.phone)
        for n, p in enumerate(told.people[:30])
    )
    everyone = {person.id: person for person in told.people}
    everyone |= {person.id: person for person in people}
    watched = {who for watch in told.watches for who in watch.people}
    people += tuple(
        replace(everyone[who], last_name=HOSTILE[3])
        for who in watched
        if who not in {person.id for person in people}
    )
    entity = replace(told.legal_entities[0], name=HOSTILE[3])
    suppliers = tuple(replace(s, name=HOSTILE[0], contract=HOSTILE[1]) for s in told.suppliers[:5])
    establishment = replace(
        told,
        services=services,
        people=people,
        legal_entities=(entity,),
        suppliers=suppliers,
        machines=(),
        dependencies=(),
    )
    contacts = {
        slug: replace(c, name=HOSTILE[n % 5], hours=HOSTILE[(n + 1) % 5])
        for n, (slug, c) in enumerate(base.contacts.items())
    }
    patients = tuple(
        Patient(services[0].code, HOSTILE[n], HOSTILE[n], HOSTILE[n], HOSTILE[n]) for n in range(5)
    )
    doubts = tuple(Doubt(n, HOSTILE[n], HOSTILE[n]) for n in range(5))
    return replace(
        base,
        establishment=establishment,
        contacts=contacts,
        copy=Copy(7, Variant.CELL, HOSTILE[3]),
        census=Census(HOSTILE[2], NOW, patients, doubts),
        procedures=tuple(Kept(text, services[0].code, text) for text in HOSTILE),
    )

"""Ink: one composition for the whole binder, then one PDF per part cut out of it.

Fonts are read once per process. The template numbers pages in the binder and in each part, so a
part printed alone still says « page 1/2 » and where it stands. Calls may come from several threads:
they take turns.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pikepdf

from releve.incident.binder.blocks import Document
from releve.incident.binder.errors import BinderRefused
from releve.incident.binder.fonts import folders
from releve.incident.binder.laid import Frame, to_json

if TYPE_CHECKING:
    import typst

_TURN = threading.Lock()


@dataclass(frozen=True)
class Composed:
    """``whole``: the assembled PDF; ``parts``: slug → its own PDF; ``pages``: slug → its pages."""

    whole: bytes
    parts: Mapping[str, bytes]
    pages: Mapping[str, int]

    @property
    def count(self) -> int:
        """Pages of the whole."""
        return sum(self.pages.values())


def compose(frame: Frame, documents: tuple[Document, ...], made: datetime) -> Composed:
    """Draw every document; same words and hour, same bytes. Raises :class:`BinderRefused`."""
    import typst

    words = json.dumps(to_json(frame, documents), ensure_ascii=False)
    try:
        with _TURN:
            whole = _compiler().compile(
                format="pdf",
                sys_inputs={"binder": words},
                timestamp=made.replace(microsecond=0),
                pdf_tags=False,  # paper: five times the size and ten times the work otherwise
            )
    except typst.TypstError as error:
        raise BinderRefused(why=error.message) from error
    if not isinstance(whole, bytes):
        raise BinderRefused(why="Typst n'a pas rendu un document seul")
    slugs = tuple(document.slug for document in documents)
    return _cut_out(whole, slugs, tuple(d.slug for d in documents if d.alone))


def _cut_out(whole: bytes, slugs: tuple[str, ...], wanted: tuple[str, ...]) -> Composed:
    with pikepdf.open(io.BytesIO(whole)) as book:
        place = {page.obj.objgen: number for number, page in enumerate(book.pages)}
        starts: dict[str, int] = {}
        with book.open_outline() as outline:
            for entry in outline.root:
                starts[entry.title] = place[_page_of(entry)]
        if set(starts) != set(slugs):
            raise BinderRefused(why="les parties du classeur ne se retrouvent pas dans le PDF")
        ends = [*(starts[slug] for slug in slugs[1:]), len(book.pages)]
        pages = {slug: end - starts[slug] for slug, end in zip(slugs, ends, strict=True)}
        parts = {slug: _part(book, starts[slug], pages[slug]) for slug in wanted}
    return Composed(whole, parts, pages)


def _page_of(entry: pikepdf.OutlineItem) -> tuple[int, int]:
    """The object of the page that an entry of the outline leads to."""
    destination: object = entry.destination
    if destination is None and entry.action is not None:
        destination = entry.action["/D"]
    if not isinstance(destination, pikepdf.Array):
        raise BinderRefused(why="le plan du PDF ne mène à aucune page")
    return destination[0].objgen


def _part(book: pikepdf.Pdf, first: int, count: int) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as alone:
        alone.pages.extend(book.pages[first : first + count])
        alone.save(out, deterministic_id=True)
    return out.getvalue()


@cache
def _compiler() -> typst.Compiler:
    import typst

    return typst.Compiler(
        Path(__file__).with_name("binder.typ"), font_paths=folders(), ignore_system_fonts=True
    )

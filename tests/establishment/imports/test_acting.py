"""A PDF that acts by itself is told, wherever in its objects the act is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from releve.establishment.imports.errors import FileUnreadable
from releve.establishment.imports.reading import Reader


def _javascript(pdf: Any) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def _launch(pdf: Any) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]))
    note.A = Dictionary(S=Name.Launch, F=String("calc.exe"))
    pdf.pages[0].Annots = Array([pdf.make_indirect(note)])


def _attached(pdf: Any) -> None:
    pdf.attachments["a.exe"] = pikepdf.AttachedFileSpec(pdf, b"MZ", filename="a.exe")


def _link_opened(pdf: Any) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.URI, URI=String("https://exemple.invalid/"))


def _on_page(pdf: Any) -> None:
    act = Dictionary(S=Name.JavaScript, JS=String("x"))
    pdf.pages[0].AA = Dictionary(O=pdf.make_indirect(act))


def _page_shown(pdf: Any) -> None:
    pdf.Root.OpenAction = Array([pdf.pages[0].obj, Name.Fit])


def _link(pdf: Any) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]))
    note.A = Dictionary(S=Name.URI, URI=String("https://exemple.invalid/"))
    pdf.pages[0].Annots = Array([note])


def _nothing(_: Any) -> None:
    pass


def _made(change: Callable[[Any], None], **saved: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        change(pdf)
        pdf.save(out, **saved)
    return out.getvalue()


_PACKED = {
    "object_stream_mode": pikepdf.ObjectStreamMode.generate,
    "compress_streams": True,
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (_javascript, "JavaScript"),
        (_launch, "Launch"),
        (_attached, "joint"),
        (_link_opened, "à l'ouverture"),
        (_on_page, "JavaScript"),
        (_page_shown, ""),
        (_link, ""),
        (_nothing, ""),
    ],
)
def test_what_acts_is_told_packed_or_not(change: Callable[[Any], None], word: str) -> None:
    packed = _made(change, **_PACKED)
    locked = _made(change, encryption=pikepdf.Encryption(user="", owner="x"), **_PACKED)
    with Reader() as reader:
        for data in (_made(change), packed, locked):
            said = reader.document(data, "a.pdf").live
            assert (word in said) and bool(said) is bool(word), said
    for raw in (b"/JavaScript", b"/Launch", b"/OpenAction"):
        assert raw not in packed, "rien à voir sans déplier les objets"


def test_words_on_a_page_act_on_nothing() -> None:
    about = _made(lambda pdf: pdf.docinfo.__setitem__("/Title", "Le mot /JavaScript et /Launch"))
    assert b"/JavaScript" in about
    with Reader() as reader:
        assert reader.document(about, "a.pdf").live == ""


def test_a_pdf_whose_objects_cannot_be_read_is_refused() -> None:
    locked = _made(_javascript, encryption=pikepdf.Encryption(user="secret", owner="x"))
    with Reader() as reader:
        for data in (locked, b"%PDF-1.7\n" + b"\0\xff" * 400):
            with pytest.raises(FileUnreadable):
                reader.document(data, "a.pdf")

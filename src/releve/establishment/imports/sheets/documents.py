"""docx, odt, pdf, doc, rtf, plain text: how many pages, which day, and the text to search in."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, replace
from typing import Any

from releve.establishment.imports.sheets.acting import live_in_pdf
from releve.establishment.imports.sheets.delimited import decode
from releve.establishment.imports.sheets.table import (
    PARSER_ERRORS,
    PROTECTED,
    Refused,
    is_encrypted,
)

MAX_CHARACTERS = 400_000
MAX_PAGES = 2_000
_PAGE = re.compile(r"<!doctype html|<html[\s>]|<head[\s>]", re.IGNORECASE)
#: Word keeps its macros in vbaProject.bin, OpenDocument in Basic/ or Scripts/.
_MACRO = re.compile(r"(?i)vbaproject\.bin$|^(?:Basic|Scripts)/.*[^/]$")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_FETCHED = re.compile(rb"/(attachedTemplate|oleObject|frame|subDocument|aFChunk)\"")
_MOST_RELATIONS = 4 << 20
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass
class Document:
    """``pages`` 0 = not known without laying it out; ``day`` ISO or empty; ``kind``: docx, odt,
    pdf, doc, rtf or txt. ``partial``: the text is not whole, in French why. ``live``: what would
    act by itself when the file is opened, in French.
    """

    kind: str
    title: str = ""
    day: str = ""
    pages: int = 0
    text: str = ""
    partial: str = ""
    live: str = ""


def read_document(data: bytes, names: frozenset[str]) -> Document:
    """``names``: the members when it is a zip; raises :class:`Refused`."""
    try:
        if data[:5] == b"%PDF-" or b"%PDF-" in data[:1024]:
            return replace(_pdf(data), live=live_in_pdf(data))
        if "word/document.xml" in names:
            return replace(_docx(data), live=_live(data, names))
        if "content.xml" in names:
            return replace(_odt(data), live=_live(data, names))
    except PARSER_ERRORS as error:
        raise Refused("ce document est abîmé, ou protégé par un mot de passe") from error
    if data.startswith(_OLE2) and is_encrypted(data):
        raise Refused(PROTECTED)
    if data.startswith(_OLE2):
        return Document("doc", text=_strings(data), partial="ancien format Word : texte approché")
    if data[:5] == b"{\\rtf":
        text, _ = decode(data)
        return Document(
            "rtf", text=_plain(re.sub(r"\\'[0-9a-f]{2}|\\[a-z]+-?\d* ?|[{}]", "", text))
        )
    if names or b"\0" in data[:4096]:
        raise Refused("ce n'est ni un PDF, ni un document Word ou OpenDocument")
    text, _ = decode(data)
    if _PAGE.search(text[:4096]):
        title = re.search(r"<title[^>]*>([^<]{1,80})", text[:8192], re.IGNORECASE)
        said = f" (« {_plain(title[1])} »)" if title else ""
        raise Refused(f"c'est une page web{said}, pas un document")
    return Document("txt", text=_plain(text))


def _live(data: bytes, names: frozenset[str]) -> str:
    """A macro, or a template or object fetched from elsewhere when the file opens (ECMA-376 part 2,
    external relationships); a link that one clicks is none of these.
    """
    if any(_MACRO.search(name) for name in names):
        return "une macro"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in names:
            if name.endswith(".rels"):
                for each in _RELATION.findall(archive.read(name)[:_MOST_RELATIONS]):
                    if b"External" in each and (found := _FETCHED.search(each)):
                        return f"un contenu pris ailleurs ({found[1].decode()})"
    return ""


def _plain(text: str) -> str:
    """Printable, spaces in ones, lines kept, cut at what an index may hold."""
    kept = "".join(c if c.isprintable() or c == "\n" else " " for c in text[: 2 * MAX_CHARACTERS])
    return re.sub(r"[^\S\n]+", " ", kept)[:MAX_CHARACTERS].strip()


def _pdf(data: bytes) -> Document:
    import pypdfium2

    try:
        pdf: Any = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Refused("ce PDF est abîmé, ou protégé par un mot de passe") from error
    try:
        about = pdf.get_metadata_dict()
        parts: list[str] = []
        size = 0
        for number in range(min(len(pdf), MAX_PAGES)):
            page = pdf[number]
            parts.append(page.get_textpage().get_text_bounded())
            size += len(parts[-1])
            if size > MAX_CHARACTERS:
                break
        text = _plain("\n".join(parts))
        scanned = "" if text else "PDF sans texte (numérisé) : il se trouve par son titre seulement"
        written = about.get("ModDate") or about.get("CreationDate") or ""
        return Document(
            "pdf", _plain(about.get("Title", "")), _day(written), len(pdf), text, scanned
        )
    finally:
        pdf.close()


def _day(written: str) -> str:
    found = re.match(r"(?:D:)?(\d{4})-?(\d{2})-?(\d{2})", written)
    return "-".join(found.groups()) if found else ""


def _docx(data: bytes) -> Document:
    import docx

    document: Any = docx.Document(io.BytesIO(data))
    about = document.core_properties
    lines = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables[:500]:
        for row in table.rows[:2000]:
            lines.append(" ".join(dict.fromkeys(cell.text for cell in row.cells)))
    day = (about.modified or about.created) if about else None
    return Document(
        "docx",
        _plain(about.title or ""),
        day.date().isoformat() if day else "",
        0,
        _plain("\n".join(lines)),
    )


def _odt(data: bytes) -> Document:
    from odf import teletype
    from odf.namespaces import DCNS
    from odf.opendocument import load

    document: Any = load(io.BytesIO(data))
    text = teletype.extractText(document.body)
    said = {
        name: "".join(teletype.extractText(each) for each in document.meta.childNodes
                      if each.qname == (DCNS, name))
        for name in ("title", "date")
    }  # fmt: skip
    return Document("odt", _plain(said["title"]), _day(said["date"]), 0, _plain(text))


def _strings(data: bytes) -> str:
    """The readable runs of an old Word file: enough to find it by its words."""
    wide = re.findall(rb"(?:[\x20-\x7e\xa0-\xff\r\n\t]\0){6,}", data[: 8 << 20])
    narrow = re.findall(rb"[\x20-\x7e\xa0-\xff\r\n\t]{12,}", data[: 8 << 20])
    said = [each.decode("utf-16-le", "replace") for each in wide]
    said += [each.decode("cp1252", "replace") for each in narrow]
    return _plain("\n".join(said))

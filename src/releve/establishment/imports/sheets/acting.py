"""What a PDF would do by itself, read from its objects by qpdf, packed ones included."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from releve.establishment.imports.sheets.table import Refused

if TYPE_CHECKING:
    import pikepdf

_UNREADABLE = "ce PDF est abîmé, ou protégé par un mot de passe"
#: Actions (ISO 32000-2, table 201) that run a program, open or send something else.
_ACTIONS = {
    "/JavaScript": "un programme (JavaScript)",
    "/Launch": "le lancement d'un autre programme (Launch)",
    "/ImportData": "la lecture d'un autre fichier (ImportData)",
    "/SubmitForm": "un envoi de formulaire (SubmitForm)",
    "/GoToE": "un fichier joint (GoToE)",
    "/Rendition": "un média (Rendition)",
    "/RichMediaExecute": "un média (RichMedia)",
}
_KEYS = {
    "/JavaScript": "un programme (JavaScript)",
    "/JS": "un programme (JavaScript)",
    "/EmbeddedFiles": "un fichier joint",
    "/EF": "un fichier joint",
    "/RichMediaContent": "un média (RichMedia)",
    "/XFA": "un formulaire à programme (XFA)",
}
#: Subtypes and types of what carries a file.
_KINDS = {"/EmbeddedFile": "un fichier joint", "/RichMedia": "un média (RichMedia)"}
#: Opening at a page, or as a viewer's own menu does: nothing acts.
_STAYS = ("/GoTo", "/Named")
_OPENS = "une action à l'ouverture"


def live_in_pdf(data: bytes) -> str:
    """What acts in it, in French; empty when nothing does. Raises :class:`Refused`."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            opening = _opening(pdf.Root.get("/OpenAction"))
            if opening:
                return opening
            for found in _dictionaries(pdf):
                acting = _acting(found)
                if acting:
                    return acting
    except pikepdf.PdfError as error:
        raise Refused(_UNREADABLE) from error
    return ""


def _opening(action: object) -> str:
    """An array or a name is a page to open at (ISO 32000-2, 12.3.2)."""
    import pikepdf

    if not isinstance(action, pikepdf.Dictionary):
        return ""
    kind = str(action.get("/S", ""))
    return "" if kind in _STAYS else _ACTIONS.get(kind, _OPENS)


def _acting(found: pikepdf.Dictionary) -> str:
    """What one dictionary would do."""
    for key in found.keys():  # noqa: SIM118  (iterating over it is deprecated by pikepdf)
        if key in _KEYS:
            return _KEYS[key]
    for key, named in (("/S", _ACTIONS), ("/Type", _KINDS), ("/Subtype", _KINDS)):
        value = str(found[key]) if key in found and _is_name(found[key]) else ""
        if value in named:
            return named[value]
    return ""


def _is_name(value: object) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Name)


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """Every dictionary of every object, each read once."""
    import pikepdf

    for each in (*pdf.objects, pdf.trailer):
        left = [each]
        while left:
            found = left.pop()
            if isinstance(found, pikepdf.Stream):
                found = found.stream_dict
            if isinstance(found, pikepdf.Dictionary):
                yield found
                inside = [found[key] for key in found.keys()]  # noqa: SIM118
            elif isinstance(found, pikepdf.Array):
                inside = list(found)
            else:
                continue
            left += [one for one in inside if getattr(one, "is_indirect", False) is False]

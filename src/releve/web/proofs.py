"""« Preuves »: the ledger's entries, each with its inclusion proof and how to check it alone."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from releve.kernel.errors import ReleveError
from releve.kernel.perimeter import Perimeter
from releve.ledger.evidence import encode
from releve.ledger.export import inclusion
from releve.ledger.note import read_checkpoint
from releve.ledger.place import Place
from releve.ledger.tiles import TileReader
from releve.pages.house import current_home, home_perimeter
from releve.pages.rights import needs, visible
from releve.pages.roles import PROOF_READERS
from releve.web.entries import Entry, entries
from releve.web.words import kind_named

PAGE = 50


@needs(*PROOF_READERS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Fifty entries, newest first, of the reader's perimeters."""
    count = entries().count()
    asked = request.GET.get("avant", "")
    before = min(int(asked), count) if asked.isascii() and asked.isdigit() else count
    start = max(0, before - PAGE)
    shown = [
        entry
        for entry in entries().since(start, before - start)
        if entry.perimeter is not None and visible(request, PROOF_READERS, entry.perimeter)
    ]
    home = home_perimeter()
    context = {
        "entries": shown[::-1],
        "count": count,
        "older": start if start else None,
        "newest": before == count,
        "keeps": home is not None and visible(request, PROOF_READERS, home),
    }
    return render(request, "web/proofs.html", context)


def _where(request: HttpRequest, index: int) -> Perimeter:
    return _place(_entry(index))


@needs(*PROOF_READERS, perimeter=_where)
@require_safe
def detail(request: HttpRequest, index: int) -> HttpResponse:
    """One entry, whole, with its inclusion proof."""
    entry = _entry(index)
    context = {
        "entry": entry,
        "fields": _fields(entry),
        "canonical": encode(entry.evidence).decode(),
        "proof": _proof(index),
    }
    return render(request, "web/proof.html", context)


def _entry(index: int) -> Entry:
    for entry in entries().since(index, 1):
        if entry.index == index:
            return entry
    raise Http404


def _place(entry: Entry) -> Perimeter:
    where = entry.perimeter
    if where is None:
        raise Http404
    return where


def _proof(index: int) -> str:
    """The inclusion JSON under the published checkpoint; empty until it covers this entry."""
    try:
        place = Place(current_home())
        checkpoint = read_checkpoint(place.checkpoint.read_bytes(), place.public_key())
        if index >= checkpoint.size:
            return ""
        return json.dumps(inclusion(index, checkpoint, TileReader(place.log)), indent=1)
    except (OSError, ReleveError):
        return ""


def _fields(entry: Entry) -> list[tuple[str, str]]:
    """Label and text of what an entry says beyond its title."""
    proof = entry.evidence
    said = [
        (_("Genre"), f"{kind_named(proof.kind)} · {proof.what}"),
        (_("Outil"), f"{proof.tool.name} {proof.tool.version}"),
        (_("Établissement (FINESS)"), proof.finess or ""),
        (_("Règle"), " ".join(filter(None, (proof.rule, proof.rule_version)))),
        (_("Empreinte de la pièce"), proof.sha256 or ""),
        (_("Clé de l'émetteur"), f"{proof.origin} {_('n°')} {proof.number}"),
        *((key, str(value)) for key, value in proof.detail.items()),
        *(
            (_("%(name)s (engagement salé)") % {"name": key}, made)
            for key, made in proof.commitments.items()
        ),
    ]
    return [(label, text) for label, text in said if text]

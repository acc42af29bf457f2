"""« Comment joindre Relève quand tout est coupé »: its own addresses, the fingerprint to compare,
the QR codes, and what to do with a telephone, a crisis Wi-Fi or a 4G router. Made to be printed.
"""

from __future__ import annotations

from dataclasses import dataclass

import qrcode
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from qrcode.image.svg import SvgPathImage

from releve.pages.house import current_home
from releve.pages.rights import anyone, needs
from releve.pages.roles import EVERYONE
from releve.runtime.tls import Reached, authority_path, reached


@dataclass(frozen=True)
class Door:
    """One address and the QR code that opens the crisis there (an SVG element)."""

    url: str
    code: str


@needs(*EVERYONE)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Addresses, fingerprints, codes, gestures."""
    found = reached(current_home(), timezone.now())
    context = {
        "reached": found,
        "doors": [Door(url, _code(url.rstrip("/") + reverse("crisis"))) for url in found.urls],
        "print_code": _code(_said(found)) if found.fingerprint else "",
    }
    return render(request, "web/reach.html", context)


@anyone
@require_safe
def authority(request: HttpRequest) -> HttpResponse:
    """Our authority's certificate, for a telephone that is to trust it. It holds no secret."""
    path = authority_path(current_home())
    if not path.exists():
        raise Http404(_("Relève n'a pas d'autorité : il ne répond que sur cette machine."))
    answer = HttpResponse(path.read_bytes(), content_type="application/x-x509-ca-cert")
    answer.headers["Content-Disposition"] = 'attachment; filename="releve-autorite.crt"'
    return answer


def _said(found: Reached) -> str:
    return f"RELEVE SHA-256 {found.fingerprint}"


def _code(text: str) -> str:
    image = qrcode.make(text, image_factory=SvgPathImage, box_size=14)
    return str(image.to_string(encoding="unicode"))

"""French or English, as the reader chose with the switch of the frame; French until then.

The browser's own preference is not read: a ward's workstation is often installed in English, and
its nurses read French (docs/decisions/0003).
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from releve.pages.rights import anyone

_DAYS = 400


class LanguageMiddleware(MiddlewareMixin):
    """Speaks the language of the cookie for the length of the request."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response


@anyone
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the language in this browser and go back to the page one was reading. The browser
    says which (``Referer``): a refused page must not differ by the address it was asked at.
    """
    response = HttpResponseRedirect(_page(request))
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=_DAYS * 86400,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def _page(request: HttpRequest) -> str:
    """The address of this very service one came from, without its host; the first page else."""
    said = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(said, allowed_hosts={request.get_host()}):
        return "/"
    address = urlsplit(said)
    here = urlunsplit(("", "", address.path, address.query, ""))
    return here if url_has_allowed_host_and_scheme(here, allowed_hosts=None) else "/"

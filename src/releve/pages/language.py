"""French or English, as the reader chose with the switch of the frame; French until then.

The browser's own preference is not read: a ward's workstation is often installed in English, and
its nurses read French (docs/decisions/0003).
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from releve.kernel.errors import ReleveError
from releve.pages.rights import anyone

_DAYS = 400
#: Data of an error that are sentences of ours; the rest (names, numbers, what was typed) is theirs.
_OUR_WORDS = frozenset({"what", "fix", "why", "purpose", "where", "state"})


class LanguageMiddleware(MiddlewareMixin):
    """Speaks the language of the cookie; holds whatever the method of the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response


@anyone
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the language in this browser and go back to the page one was reading."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
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


def told(error: ReleveError) -> tuple[str, str]:
    """An error's message and remedy, in the reader's language where the catalogue knows them."""
    data = {
        key: _(value) if key in _OUR_WORDS and isinstance(value, str) else value
        for key, value in error.data.items()
    }
    message = _(type(error).message())
    return message.format(**data), _(error.next_step).format(**data)

"""Cookies marked « secure » on every answer that leaves over https; loopback speaks http."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class SecureCookies:
    """The same process answers in clear on loopback and over TLS elsewhere: the mark follows the
    connection, where ``SESSION_COOKIE_SECURE`` is one for all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response

"""Passkeys, offered only where the page was reached by a host name: see ``offers_passkeys``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.mfa.webauthn import views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from releve.pages.adapters import offers_passkeys
from releve.pages.rights import anyone, signed_in

Arguments = ParamSpec("Arguments")


def _by_name(
    view: Callable[Concatenate[HttpRequest, Arguments], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        if not offers_passkeys(request):
            return render(request, "pages/no_passkey.html", status=404)
        return view(request, *args, **kwargs)

    return guarded


login = anyone(_by_name(views.login_webauthn))
index = signed_in(_by_name(views.list_webauthn))
add = signed_in(_by_name(views.add_webauthn))
edit = signed_in(_by_name(views.edit_webauthn))
remove = signed_in(_by_name(views.remove_webauthn))
reauthenticate = signed_in(_by_name(views.reauthenticate_webauthn))

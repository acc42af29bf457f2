"""Enrolling the application that shows six digits; the session then counts as two-factor."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp.views import ActivateTOTPView
from django.forms import Form
from django.http import HttpResponse

from releve.pages.rights import account, signed_in


class Activate(ActivateTOTPView):  # type: ignore[misc]
    """Giving the first code proves the factor in this session too."""

    def form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        who = account(self.request)
        record_authentication(self.request, who, method="mfa", type="totp", reauthenticated=True)
        return response


activate = signed_in(Activate.as_view())

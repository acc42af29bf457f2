"""Addresses of accounts, second factors and approvals. Every view here declares its rights."""

from __future__ import annotations

from allauth.account import views as allauth_account
from allauth.mfa.base import views as allauth_mfa
from allauth.mfa.recovery_codes import views as allauth_codes
from allauth.mfa.totp import views as allauth_totp
from django.urls import path

from releve.pages import language, live
from releve.pages.rights import anyone, signed_in
from releve.pages.views import accounts, approvals, delegations, entrance, passkeys, totp

urlpatterns = [
    path("evenements/", live.events, name="events"),
    path("langue/", language.choose, name="language"),
    # coming in
    path("premier-acces/", entrance.first_access, name="first_access"),
    path("activation/", entrance.activation, name="activation"),
    path("inscription/", entrance.closed, name="account_signup"),
    path("connexion/", anyone(allauth_account.login), name="account_login"),
    path("connexion/code/", anyone(allauth_mfa.authenticate), name="mfa_authenticate"),
    path("connexion/cle/", passkeys.login, name="mfa_login_webauthn"),
    path("compte/ferme/", anyone(allauth_account.account_inactive), name="account_inactive"),
    path("deconnexion/", anyone(allauth_account.logout), name="account_logout"),
    # one's own account
    path("compte/", signed_in(allauth_mfa.index), name="mfa_index"),
    path(
        "compte/mot-de-passe/",
        signed_in(allauth_account.password_change),
        name="account_change_password",
    ),
    path(
        "compte/confirmer/",
        signed_in(allauth_account.reauthenticate),
        name="account_reauthenticate",
    ),
    path(
        "compte/confirmer-code/", signed_in(allauth_mfa.reauthenticate), name="mfa_reauthenticate"
    ),
    path("compte/application/", totp.activate, name="mfa_activate_totp"),
    path(
        "compte/application/retirer/",
        signed_in(allauth_totp.deactivate_totp),
        name="mfa_deactivate_totp",
    ),
    path(
        "compte/feuille/",
        signed_in(allauth_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "compte/feuille/nouvelle/",
        signed_in(allauth_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("compte/cles/", passkeys.index, name="mfa_list_webauthn"),
    path("compte/cles/ajouter/", passkeys.add, name="mfa_add_webauthn"),
    path("compte/cles/confirmer/", passkeys.reauthenticate, name="mfa_reauthenticate_webauthn"),
    path("compte/cles/<int:pk>/", passkeys.edit, name="mfa_edit_webauthn"),
    path("compte/cles/<int:pk>/retirer/", passkeys.remove, name="mfa_remove_webauthn"),
    # accounts
    path("comptes/", accounts.index, name="accounts"),
    path("comptes/nouveau/", accounts.create, name="account_new"),
    path("comptes/<int:pk>/", accounts.detail, name="account"),
    path("comptes/<int:pk>/role/", accounts.give, name="account_give"),
    path("comptes/<int:pk>/role/<int:grant>/", accounts.withdraw, name="account_withdraw"),
    path("comptes/<int:pk>/code/", accounts.code_again, name="account_code"),
    # approvals
    path("accords/", approvals.index, name="approvals"),
    path("accords/demander/<str:kind>/", approvals.ask, name="approval_ask"),
    path("accords/<uuid:pk>/", approvals.detail, name="approval"),
    path("accords/<uuid:pk>/accorder/", approvals.approve, name="approval_approve"),
    path("accords/<uuid:pk>/refuser/", approvals.refuse, name="approval_refuse"),
    path("accords/<uuid:pk>/seul/", approvals.alone, name="approval_alone"),
    # acting alone
    path("delegations/", delegations.index, name="delegations"),
    path("delegations/nouvelle/", delegations.new, name="delegation_new"),
    path("delegations/<int:number>/", delegations.detail, name="delegation"),
    path("delegations/<int:number>/lettre/", delegations.letter, name="delegation_letter"),
    path("delegations/<int:number>/revoquer/", delegations.revoke, name="delegation_revoke"),
    path("delegations/usages/<int:pk>/", delegations.use, name="delegation_use"),
    path("delegations/usages/<int:pk>/repondre/", delegations.answer, name="delegation_answer"),
]

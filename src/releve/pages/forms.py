"""Forms: one column, one question a line, errors that say the remedy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from releve.kernel.errors import ReleveError
from releve.kernel.perimeter import perimeter
from releve.pages.models import Account
from releve.pages.roles import Role
from releve.pages.wording import told, translated

Choices = list[tuple[str, str]]

_LOGIN = RegexValidator(
    r"^[a-zA-Z0-9][a-zA-Z0-9._-]{1,63}$",
    _("Employez 2 à 64 lettres sans accent, chiffres, points ou tirets : prenom.nom"),
)


def _code_field() -> forms.CharField:
    return forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Vingt lettres et chiffres, par exemple 7K2M-…  Les tirets sont facultatifs."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _new_password() -> forms.CharField:
    return forms.CharField(
        label=_("Mot de passe"),
        strip=False,
        help_text=_("Au moins 12 signes. Une phrase de quatre mots convient."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class FirstAccessForm(forms.Form):
    """The first administrator: the console's code, who, and which hospital."""

    code = _code_field()
    name = forms.CharField(label=_("Votre nom"), max_length=120, help_text=_("Mme Martin"))
    login = forms.CharField(
        label=_("Votre identifiant"),
        max_length=64,
        validators=[_LOGIN],
        help_text=_("prenom.nom"),
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    password = _new_password()
    entity = forms.CharField(
        label=_("Numéro FINESS de l'entité juridique"),
        max_length=9,
        help_text=_("Neuf caractères."),
    )
    entity_name = forms.CharField(label=_("Nom de l'établissement"), max_length=160)

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if "password" in fields and "login" in fields:
            account = Account(login=fields["login"], name=fields.get("name", ""))
            _check_password(self, fields["password"], account)
        return fields


class ActivationForm(forms.Form):
    """An account's owner chooses a password with the code received by hand."""

    login = forms.CharField(
        label=_("Votre identifiant"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    code = _code_field()
    password = _new_password()

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if "password" in fields:
            _check_password(self, fields["password"], Account(login=fields.get("login", "")))
        return fields


class OpenAccountForm(forms.Form):
    """A new account: it has no role yet."""

    name = forms.CharField(label=_("Nom affiché"), max_length=120, help_text=_("Mme Martin"))
    function = forms.CharField(
        label=_("Fonction"), max_length=120, required=False, help_text=_("cadre de garde")
    )
    login = forms.CharField(
        label=_("Identifiant"), max_length=64, validators=[_LOGIN], help_text=_("prenom.nom")
    )


def _roles() -> list[tuple[str, str]]:
    return [(role.value, translated(role.words)) for role in Role]


class GiveRoleForm(forms.Form):
    """A role on a perimeter."""

    role = forms.ChoiceField(label=_("Rôle"), choices=_roles)
    perimeter = forms.CharField(
        label=_("Périmètre"),
        max_length=120,
        help_text=_("Entité, entité/site ou entité/site/service : 990000010/990000028/CHIR-B"),
        widget=forms.TextInput(attrs={"list": "perimetres", "autocomplete": "off"}),
    )

    def clean_perimeter(self) -> str:
        text = str(self.cleaned_data["perimeter"]).strip()
        try:
            return str(perimeter(text))
        except ReleveError as error:
            raise forms.ValidationError(" ".join(told(error))) from error


class ApproveForm(forms.Form):
    """The answer to a request: the digest that was shown, and a second factor given for it."""

    digest = forms.CharField(widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Votre code du moment"),
        max_length=20,
        help_text=_("Les six chiffres de votre application, ou un code de votre feuille."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class AloneForm(forms.Form):
    """Acting alone: the digest that was shown, which delegation, why, a second factor."""

    digest = forms.CharField(widget=forms.HiddenInput)
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    why = forms.CharField(
        label=_("Pourquoi seul, maintenant"),
        max_length=500,
        required=False,
        help_text=_("En une ligne : la personne qui confirmera le lira."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    code = forms.CharField(
        label=_("Votre code du moment"),
        max_length=20,
        help_text=_("Les six chiffres de votre application, ou un code de votre feuille."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class AnswerUseForm(ApproveForm):
    """Confirming what somebody did alone, or contesting it with words."""

    contest = forms.CharField(
        label=_("Ce qui ne va pas"),
        max_length=500,
        required=False,
        help_text=_("Pour contester seulement : en une ligne."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DelegationForm(forms.Form):
    """What the DSI writes; the direction signs it as it is shown."""

    holders = forms.MultipleChoiceField(
        label=_("Qui pourra agir seul"), required=False, widget=forms.CheckboxSelectMultiple
    )
    function = forms.CharField(
        label=_("Ou toute personne de cette fonction"),
        max_length=120,
        required=False,
        help_text=_("La fonction écrite sur son compte : astreinte informatique"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    acts = forms.MultipleChoiceField(
        label=_("Ce qu'elle pourra faire seule dans Relève"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    cuts = forms.CharField(
        label=_("Ce qu'elle pourra faire couper, à la main"),
        required=False,
        max_length=4000,
        help_text=_("Une coupure par ligne ; ôtez celles qui ne sont pas déléguées."),
        widget=forms.Textarea(attrs={"rows": 7, "lang": "fr"}),
    )
    conditions = forms.CharField(
        label=_("À quelles conditions"),
        max_length=2000,
        help_text=_("Par exemple : le directeur de garde n'a pas répondu à deux appels."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    starts = forms.DateField(label=_("Du"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    ends = forms.DateField(
        label=_("Au, inclus"),
        help_text=_("Un an au plus."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    hours = forms.IntegerField(
        label=_("À confirmer par une autre personne sous, en heures"), min_value=1, max_value=72
    )
    perimeter = forms.CharField(label=_("Périmètre"), max_length=120)

    def __init__(
        self, data: QueryDict | None, *, initial: dict[str, Any], people: Choices, kinds: Choices
    ) -> None:
        super().__init__(data, initial=initial)
        for name, choices in (("holders", people), ("acts", kinds)):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101
            field.choices = choices

    def answers(self) -> dict[str, str]:
        """As :func:`releve.pages.delegation_desk.draw_up` takes them."""
        said = self.cleaned_data
        return {
            **{name: str(said[name]) for name in ("function", "cuts", "conditions", "perimeter")},
            "holders": " ".join(said["holders"]),
            "acts": " ".join(said["acts"]),
            "starts": said["starts"].isoformat(),
            "ends": said["ends"].isoformat(),
            "hours": str(said["hours"]),
        }


def _check_password(form: forms.Form, password: str, account: Account) -> None:
    try:
        validate_password(password, account)
    except forms.ValidationError as error:
        form.add_error("password", error)

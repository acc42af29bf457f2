"""« Conservation »: what is kept and why, who signed, what is past its term, the DPO."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from releve.kernel.errors import ReleveError
from releve.pages import approval_desk
from releve.pages.house import current_home, home_perimeter
from releve.pages.rights import account, at_home, needs, visible
from releve.pages.roles import APPROVERS, PROOF_READERS
from releve.pages.wording import moment, told
from releve.retention import Rules, Store, duration_words, read_rules, signature_words
from releve.retention.app import desk
from releve.retention.app.models import Purge
from releve.retention.errors import ShorteningNeedsTwo
from releve.retention.signing import Signer, check_alone, proposed, sign
from releve.runtime.retention import State, late_months, state_of
from releve.web.retention_acts import PURGE, SHORTEN

READERS = PROOF_READERS
_PAST = 10


@dataclass(frozen=True)
class Row:
    """A line of the table: texts of the table itself are French, as they are signed."""

    store: Store
    duration: str
    signed: str
    mark: str
    word: str


class DpoForm(forms.Form):
    """Who agreed that real messages be received, and when."""

    name = forms.CharField(label=gettext_lazy("Nom du DPO"), max_length=120)
    agreed_on = forms.DateField(
        label=gettext_lazy("Jour de son accord"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class SignForm(forms.Form):
    """A line is signed by a named person; its duration may be changed by the same act."""

    name = forms.CharField(label=gettext_lazy("Nom de qui signe"), max_length=120)
    function = forms.CharField(label=gettext_lazy("Sa fonction"), max_length=120)
    on = forms.DateField(
        label=gettext_lazy("Jour de la signature"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    months = forms.IntegerField(
        label=gettext_lazy("Durée, en mois"),
        min_value=1,
        max_value=1200,
        required=False,
        help_text=gettext_lazy(
            "Garder plus longtemps se signe seul ; garder moins demande l'accord d'une autre"
            " personne."
        ),
    )


@needs(*READERS, perimeter=at_home)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What to do first, then every store."""
    return _index(request, DpoForm())


@needs(*APPROVERS, perimeter=at_home)
@require_POST
def enter_dpo(request: HttpRequest) -> HttpResponse:
    """Enter the DPO."""
    form = DpoForm(request.POST)
    if not form.is_valid():
        return _index(request, form, 400)
    who = account(request)
    try:
        desk.enter_officer(
            form.cleaned_data["name"],
            form.cleaned_data["agreed_on"],
            str(who),
            timezone.now(),
            who.pk,
        )
    except ReleveError as error:
        form.add_error(None, " ".join(told(error)))
        return _index(request, form, 400)
    return redirect("retention")


@needs(*APPROVERS, perimeter=at_home)
@require_POST
def ask_purge(request: HttpRequest) -> HttpResponse:
    """Ask another person to agree; nothing is destroyed before."""
    return HttpResponseRedirect(
        reverse("approval", args=[approval_desk.ask(request, PURGE, {}).pk])
    )


@needs(*READERS, perimeter=at_home)
def line(request: HttpRequest, id: str) -> HttpResponse:
    """One store, whole, and signing it."""
    rules = read_rules(current_home())
    store = rules.store(id)
    may_sign = visible(request, APPROVERS, at_home(request))
    form, status = _sign_form(request, store), 200
    if request.method == "POST":
        if not may_sign:
            raise PermissionDenied(_("Votre rôle lit cette page ; direction et DSI signent."))
        if form.is_valid():
            try:
                return HttpResponseRedirect(_signed(request, rules, store, form))
            except ReleveError as error:
                form.add_error(None, " ".join(told(error)))
        status = 400
    context = {"row": _row(store, rules), "form": form, "may_sign": may_sign}
    return render(request, "web/retention_line.html", context, status=status)


def notices(request: HttpRequest) -> list[str]:
    """What the day's page says of retention, to who reads this room; empty when all is well."""
    where = home_perimeter()
    if where is None or not visible(request, READERS, where):
        return []
    said = [
        _("Écoute ouverte sans DPO depuis le %(day)s sur %(address)s. Raison donnée : %(why)s")
        % {"day": moment(each.at), "address": each.address, "why": each.reason}
        for each in desk.overrides()
    ]
    try:
        late = late_months(current_home(), timezone.now())
    except ReleveError as error:
        return [*said, " ".join(told(error))]
    if late:
        words = ngettext(
            "Un mois de messages de patients a passé son terme.",
            "%(n)s mois de messages de patients ont passé leur terme.",
            late,
        )
        said.append(words % {"n": late})
    return said


def _index(request: HttpRequest, form: DpoForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    state = state_of(current_home(), now)
    waiting = desk.waiting()
    context = {
        "first": _first(state, waiting),
        "dpo": desk.officer(),
        "overrides": desk.overrides(),
        "form": form,
        "state": state,
        "askable": bool(state.plan.months or state.plan.files) and not waiting,
        "waiting": waiting,
        "rows": [_row(store, state.rules) for store in state.rules.stores],
        "past": Purge.objects.filter(state=Purge.DONE)[:_PAST],
        "acts": visible(request, APPROVERS, at_home(request)),
    }
    return render(request, "web/retention.html", context, status=status)


def _first(state: State, waiting: list[Purge]) -> str:
    if desk.overrides():
        return _("L'écoute est ouverte sans DPO : régularisez.")
    if waiting:
        return _("Une purge est décidée et n'est pas finie.")
    count = len(state.due.months)
    if count:
        words = ngettext(
            "Un mois a passé son terme : purgez-le, à deux.",
            "%(n)s mois ont passé leur terme : purgez-les, à deux.",
            count,
        )
        return words % {"n": count}
    if state.files:
        return _("Des fichiers ont passé leur terme : purgez-les, à deux.")
    if desk.officer() is None:
        return _("Le DPO n'est pas renseigné.")
    undone = sum(not (store.decided and store.signed) for store in state.rules.stores)
    if undone:
        words = ngettext(
            "Une durée reste à décider ou à signer.",
            "%(n)s durées restent à décider ou à signer.",
            undone,
        )
        return words % {"n": undone}
    return _("Rien n'a passé son terme, tout est signé.")


def _row(store: Store, rules: Rules) -> Row:
    if store.signed and store.decided:
        mark, word = "●", _("signée")
    elif store.decided:
        mark, word = "◐", _("à signer")
    else:
        mark, word = "○", _("non décidée")
    return Row(store, duration_words(store, rules), signature_words(store), mark, word)


def _sign_form(request: HttpRequest, store: Store) -> SignForm:
    known = {"months": store.months, "on": timezone.localdate().isoformat()}
    form = SignForm(request.POST) if request.method == "POST" else SignForm(initial=known)
    if store.fixed:
        del form.fields["months"]
    return form


def _signed(request: HttpRequest, rules: Rules, store: Store, form: SignForm) -> str:
    """Where to go once it is signed, or asked for when it takes two."""
    said = form.cleaned_data
    months = said.get("months") or store.months
    now = timezone.now()
    by = Signer(said["name"], said["function"], said["on"]).checked(now)
    try:
        check_alone(rules, proposed(rules, store.id, said.get("months")))
    except ShorteningNeedsTwo:
        answers = {
            "store": store.id,
            "months": str(months),
            "name": by.name,
            "function": by.function,
            "on": by.on.isoformat(),
        }
        row = approval_desk.ask(request, SHORTEN, answers)
        return reverse("approval", args=[row.pk])
    sign(current_home(), store.id, by, said.get("months"))
    desk.tell_signatures(read_rules(current_home()), now)
    return reverse("retention")

"""« Accords »: requests for a second look, in words, with their hash; saying yes or no."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from releve.kernel.errors import ReleveError
from releve.pages import acts, approval_desk, delegation_desk
from releve.pages.approvals import STATES
from releve.pages.errors import ApprovalRefused
from releve.pages.forms import AloneForm, ApproveForm
from releve.pages.models import Approval
from releve.pages.rights import needs, person
from releve.pages.roles import PRIVILEGED
from releve.pages.wording import told, translated


@needs(*PRIVILEGED)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits for the reader's second look, then what they asked, then the past."""
    who = person(request)
    waiting = approval_desk.waiting_for(who)
    others = [row for row in approval_desk.visible_to(who) if row not in waiting]
    roles = {right.role for right in who.rights}
    askable = [
        (kind, translated(act.title))
        for kind, act in acts.registered().items()
        if act.listed and act.may_request & roles
    ]
    context = {
        "waiting": [_shown(row) for row in waiting],
        "others": [_shown(row) for row in others],
        "askable": askable,
        "hide_waiting": True,
    }
    return render(request, "pages/approvals.html", context)


@needs(*PRIVILEGED)
def ask(request: HttpRequest, kind: str) -> HttpResponse:
    """The questions of one kind of act; the request is then shown as the approver will read it."""
    act = acts.find(kind)
    if not {right.role for right in person(request).rights} & act.may_request or not act.listed:
        raise PermissionDenied(_("Votre rôle ne demande pas cet acte."))
    form = _questions(act)(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row = approval_desk.ask(request, kind, form.cleaned_data)
        except ReleveError as error:
            form.add_error(None, " ".join(told(error)))
        else:
            return HttpResponseRedirect(reverse("approval", args=[row.pk]))
    context = {"form": form, "title": translated(act.title)}
    return render(request, "pages/approval_ask.html", context)


@needs(*PRIVILEGED)
@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request in words, its hash, and the form to answer or the reason there is none."""
    row = _concerning(request, pk)
    return _detail(request, row, ApproveForm(initial={"digest": row.digest}))


@needs(*PRIVILEGED)
@require_POST
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say yes, with a second factor given for this very request."""
    row = _concerning(request, pk)
    form = ApproveForm(request.POST)
    if not form.is_valid():
        return _detail(request, row, form, 400)
    try:
        approval_desk.answer(request, row, form.cleaned_data["digest"], form.cleaned_data["code"])
    except ApprovalRefused as refusal:
        form.add_error(None, " ".join(told(refusal)))
        row.refresh_from_db()
        return _detail(request, row, form, 403)
    return HttpResponseRedirect(reverse("approval", args=[pk]))


@needs(*PRIVILEGED)
@require_POST
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say no, or withdraw one's own request."""
    approval_desk.refuse(request, _concerning(request, pk))
    return HttpResponseRedirect(reverse("approval", args=[pk]))


@needs(*PRIVILEGED)
@require_POST
def alone(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Do it alone, now, under a delegation; the page of the use then says who confirms."""
    row = _concerning(request, pk)
    form = AloneForm(request.POST)
    if not form.is_valid():
        return _detail(request, row, ApproveForm(initial={"digest": row.digest}), 400, form)
    said = form.cleaned_data
    try:
        use = delegation_desk.act_alone(
            request,
            row,
            said["number"],
            shown_digest=said["digest"],
            code=said["code"],
            why=said["why"],
        )
    except ApprovalRefused as refusal:
        form.add_error(None, " ".join(told(refusal)))
        row.refresh_from_db()
        return _detail(request, row, ApproveForm(initial={"digest": row.digest}), 403, form)
    return HttpResponseRedirect(reverse("delegation_use", args=[use.pk]))


def _concerning(request: HttpRequest, pk: UUID) -> Approval:
    row = get_object_or_404(Approval.objects.select_related("requester", "decider"), pk=pk)
    if not approval_desk.concerns(person(request), row):
        raise PermissionDenied(_("Cette demande ne vous concerne pas."))
    return row


def _detail(
    request: HttpRequest,
    row: Approval,
    form: ApproveForm,
    status: int = 200,
    alone: AloneForm | None = None,
) -> HttpResponse:
    obstacle = approval_desk.obstacle(request, row)
    message, remedy = told(obstacle) if obstacle else ("", "")
    context = {
        **_shown(row),
        "form": form,
        "obstacle": message,
        "remedy": remedy,
        "mine": row.requester_id == person(request).account,
        "hide_waiting": True,
        "alone": _alone_forms(request, row, alone),
        "alone_errors": alone.non_field_errors() if alone else (),
    }
    return render(request, "pages/approval.html", context, status=status)


def _alone_forms(
    request: HttpRequest, row: Approval, sent: AloneForm | None
) -> list[dict[str, object]]:
    """One form per delegation under which the reader may do this alone, now."""
    found: list[dict[str, object]] = []
    for terms in delegation_desk.usable(request, row):
        mine = sent is not None and sent.data.get("number") == str(terms.number)
        fresh = AloneForm(
            initial={"digest": row.digest, "number": terms.number},
            auto_id=f"id_seul_{terms.number}_%s",
        )
        found.append({"terms": terms, "form": sent if mine and sent else fresh})
    return found


def _shown(row: Approval) -> dict[str, object]:
    late = row.state == "waiting" and row.expires_at <= timezone.now()
    known = acts.registered().get(row.kind)
    return {
        "row": row,
        "title": translated(known.title) if known else row.kind,
        "words": approval_desk.words_of(row),
        "state": translated(STATES["expired" if late else row.state]),
        "open": row.state == "waiting" and not late,
        "groups": [row.digest[i : i + 8] for i in range(0, 64, 8)],
    }


def _questions(act: acts.Act) -> type[forms.Form]:
    fields: dict[str, forms.Field] = {}
    for each in act.fields:
        if each.choices:
            fields[each.name] = forms.ChoiceField(
                label=translated(each.label),
                help_text=translated(each.help),
                choices=each.choices,
            )
        else:
            fields[each.name] = forms.CharField(
                label=translated(each.label),
                help_text=translated(each.help),
                max_length=500,
                required=not each.optional,
            )
    return type("Questions", (forms.Form,), fields)

"""« Exemplaires »: who holds which paper, what must be replaced, what must come back."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from releve.establishment import current
from releve.establishment.contacts import contacts_of
from releve.establishment.folder import read_stored
from releve.establishment.store import stored_files
from releve.incident.app import copies
from releve.incident.app.copy_rows import Copy
from releve.incident.app.who import DECIDERS, READERS, WRITERS, may
from releve.pages.house import current_home
from releve.pages.rights import at_home, needs

_CLOSED_SHOWN = 50
_CHANGES_SHOWN = 6


@dataclass(frozen=True)
class Held:
    """A copy still out; ``changes``: what it says that is no longer so, the first ones; ``more``:
    how many others; ``old``: shown hatched.
    """

    copy: Copy
    changes: tuple[str, ...]
    more: int
    old: bool

    @property
    def to_replace(self) -> bool:
        """Whether somebody must bring a new one."""
        return bool(self.changes) or self.old


@needs(*READERS, perimeter=at_home)
@require_safe
def copies_page(request: HttpRequest) -> HttpResponse:
    """Every copy still out, newest first, then those that came back."""
    held = held_copies()
    context = {
        "held": held,
        "recalled": [each for each in held if each.copy.recalled_at],
        "replace": sum(each.to_replace for each in held),
        "closed": Copy.objects.exclude(closed_at=None)[:_CLOSED_SHOWN],
        "writes": may(request, WRITERS),
        "decides": may(request, DECIDERS),
        "hows": copies.HOWS,
    }
    return render(request, "incident/copies.html", context)


@needs(*WRITERS, perimeter=at_home)
@require_POST
def copy_act(request: HttpRequest, number: int) -> HttpResponse:
    """« Remis à … », or how its life ended."""
    now, how = timezone.now(), request.POST.get("how", "")
    if how:
        copies.close(number, how, now)
    else:
        copies.hand_over(number, request.POST.get("holder", ""), now)
    return HttpResponseRedirect(reverse("copies"))


@needs(*DECIDERS, perimeter=at_home)
@require_POST
def copies_recall(request: HttpRequest) -> HttpResponse:
    """Ask every copy back: people changed, or the crisis is over."""
    copies.recall(request.POST.get("why", ""), now=timezone.now())
    return HttpResponseRedirect(reverse("copies"))


def held_copies() -> list[Held]:
    """The open copies against the establishment of today."""
    home, now = current_home(), timezone.now()
    if current(home) is None:
        return [
            _held(copy, (), old=now - copy.made_at > copies.OLD) for copy in copies.open_copies()
        ]
    files = stored_files(home)
    establishment, contacts = read_stored(files), contacts_of(files)
    return [
        _held(
            copy,
            copies.changed(copy, establishment, contacts),
            old=copy.recalled_at is not None or now - copy.made_at > copies.OLD,
        )
        for copy in copies.open_copies()
    ]


def _held(copy: Copy, changes: tuple[str, ...], *, old: bool) -> Held:
    return Held(copy, changes[:_CHANGES_SHOWN], max(0, len(changes) - _CHANGES_SHOWN), old)

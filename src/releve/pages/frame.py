"""The frame around every page: world, hour, name, and the few words of navigation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop

from releve.kernel.world import World
from releve.pages.adapters import offers_passkeys
from releve.pages.approval_desk import waiting_for
from releve.pages.delegation_desk import unconfirmed
from releve.pages.house import current_home, legal_entity
from releve.pages.models import Account
from releve.pages.rights import person, waits_for_second_factor
from releve.pages.roles import PROOF_READERS, Role
from releve.pages.wording import translated

BANDS = {World.DRILL: gettext_noop("SIMULATION"), World.REAL: gettext_noop("RÉEL")}
#: On the pages and sheets of a field exercise, played in the real home.
EXERCISE = gettext_noop("EXERCICE")


@dataclass(frozen=True)
class Entry:
    """One word of the navigation: it appears with the first page of its room, for its roles."""

    word: str
    url_name: str
    roles: frozenset[Role]
    #: Words that replace ``word`` for this request (« Crise en cours depuis 02:47 »), or None.
    live: Callable[[HttpRequest], str | None] | None = None


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the base template. Works for a visitor too, who sees no word of navigation."""
    world = current_home().world
    user = getattr(request, "user", None)
    signed = user if isinstance(user, Account) else None
    entered = signed is not None and not waits_for_second_factor(request)
    entity = legal_entity()
    exercise = world is World.REAL and bool(getattr(request, "_releve_exercise", False))
    return {
        "band": translated(EXERCISE if exercise else BANDS[world]),
        "drill": world is World.DRILL,
        "exercise": exercise,
        "hospital": entity.name if entity else "",
        "now": timezone.now(),
        "signed": signed,
        "navigation": _words(request) if entered else [],
        "passkeys": offers_passkeys(request),
        "reads_proofs": entered and reads_proofs(request),
        "done_alone": unconfirmed(request) if entered else (),
        "waiting_approvals": len(waiting_for(person(request))) if entered else 0,
    }


def of_exercise(request: HttpRequest) -> None:
    """Every page answered to this request, errors included, wears the band EXERCICE."""
    request._releve_exercise = True  # type: ignore[attr-defined]


def reads_proofs(request: HttpRequest) -> bool:
    """True when one of the account's roles opens the ledger's pages."""
    return any(right.role in PROOF_READERS for right in person(request).rights)


def _words(request: HttpRequest) -> list[dict[str, Any]]:
    roles = {right.role for right in person(request).rights}
    shown = []
    for entry in import_string(settings.RELEVE_NAVIGATION):
        if roles & entry.roles:
            href = reverse(entry.url_name)
            live = entry.live(request) if entry.live else None
            here = request.path == href or (href != "/" and request.path.startswith(href))
            shown.append({"word": live or translated(entry.word), "href": href, "here": here})
    return shown

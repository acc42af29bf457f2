"""Opening a crisis, as an act that a delegation may name: one person does it without any, from
the page « Crise ».
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from releve.incident.app.desk import open_crisis
from releve.incident.app.who import WRITERS
from releve.incident.logbook import Author
from releve.kernel.errors import BadInput
from releve.kernel.perimeter import Perimeter
from releve.pages.acts import Act, Effect
from releve.pages.house import home_perimeter
from releve.pages.models import Account
from releve.pages.roles import PRIVILEGED

OPEN = "incident.open"


def _words(act: Mapping[str, Any]) -> Sequence[str]:
    return ["La crise sera ouverte : main courante, premiers actes, kits gelés à cette heure."]


def _perimeter(act: Mapping[str, Any]) -> Perimeter:
    where = home_perimeter()
    if where is None:
        fix = _("Ouvrez d'abord le premier accès : il demande le FINESS de l'établissement.")
        raise BadInput(where=OPEN, what=_("l'établissement n'est pas déclaré"), fix=fix)
    return where


def _perform(act: Mapping[str, Any], requester: int) -> str:
    by = Account.objects.get(pk=requester)
    opened = open_crisis(Author(str(by), by.pk), "", timezone.now())
    return f"La crise {opened.pk} est ouverte."


OPEN_ACT = Act(
    title=_("Ouvrir la crise"),
    may_request=WRITERS,
    may_approve=PRIVILEGED,
    words=_words,
    perimeter=_perimeter,
    perform=_perform,
    listed=False,
    effect=Effect.ALERT,
    solo=True,
    free_at="crisis",
)

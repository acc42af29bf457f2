"""Freezing retention, and lifting that freeze: the first protects and may be done alone under a
delegation, the second lets things be destroyed again and always takes two people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from releve.kernel.errors import BadInput
from releve.kernel.hold import check_stands, held, hold, release
from releve.kernel.units import moment
from releve.pages.acts import Act, Effect, Field
from releve.pages.facts import tell
from releve.pages.house import current_home
from releve.pages.models import Account
from releve.pages.roles import PRIVILEGED, Role
from releve.pages.wording import visible
from releve.vault.app.acts import at_entity

HOLD, LIFT = "vault.hold", "vault.hold.lift"
_WHERE = _("conservation")


def _prepare(answers: Mapping[str, str]) -> dict[str, Any]:
    found = held(current_home())
    if found is not None:
        fix = _("Rien n'est à faire : rien ne peut être effacé.")
        raise BadInput(where=_WHERE, what=_("elle est déjà gelée"), fix=fix)
    return {"why": visible(answers["why"])[:200]}


def _words(act: Mapping[str, Any]) -> Sequence[str]:
    return [
        "Plus rien ne sera effacé dans Relève, quel que soit son âge\u00a0: ni message,"
        " ni sauvegarde, ni clé d'un mois.",
        f"Motif : {act['why']}.",
        "Dégeler demandera l'accord de deux personnes.",
    ]


def _perform(act: Mapping[str, Any], requester: int) -> str:
    # Before the rows are durable: should they be lost, what is kept stays kept.
    by = str(Account.objects.get(pk=requester))
    found = hold(current_home(), by, str(act["why"]), timezone.now())
    tell("conservation.gelée", "gel")
    return f"La conservation est gelée depuis le {moment(found.since)}."


def _prepare_lift(answers: Mapping[str, str]) -> dict[str, Any]:
    found = held(current_home())
    if found is None:
        raise BadInput(where=_WHERE, what=_("elle n'est pas gelée"), fix=_("Rien n'est à faire."))
    return {
        "mark": found.mark,
        "since": moment(found.since),
        "held": found.why,
        "by": found.by,
        "why": visible(answers["why"])[:200],
    }


def _lift_words(act: Mapping[str, Any]) -> Sequence[str]:
    by = f" par {act['by']}" if act.get("by") else ""
    return [
        f"La conservation, gelée depuis le {act['since']}{by} ({act['held']}), sera dégelée.",
        "Cet accord ne vaut que pour ce gel : un autre, posé depuis, resterait.",
        f"Motif : {act['why']}.",
        "Ce qui a passé son terme pourra de nouveau être effacé, sans retour.",
    ]


def _perform_lift(act: Mapping[str, Any], requester: int) -> str:
    # Only once the rows are durable: a death in between leaves the freeze, which is asked again.
    home, mark = current_home(), str(act.get("mark", ""))
    check_stands(home, mark)
    transaction.on_commit(lambda: release(home, mark))
    tell("conservation.dégelée", "dégel")
    return "La conservation est dégelée."


_WHY = Field("why", _("Pourquoi"), _("En une ligne : ce sera lu avec l'acte."))
HOLD_ACT = Act(
    title=_("Geler la conservation"),
    may_request=PRIVILEGED,
    may_approve=PRIVILEGED,
    words=_words,
    perimeter=at_entity,
    perform=_perform,
    prepare=_prepare,
    fields=(_WHY,),
    effect=Effect.FREEZE,
    solo=True,
)
LIFT_ACT = Act(
    title=_("Dégeler la conservation"),
    may_request=frozenset({Role.DIRECTION, Role.DSI}),
    may_approve=frozenset({Role.DIRECTION, Role.DSI}),
    words=_lift_words,
    perimeter=at_entity,
    perform=_perform_lift,
    prepare=_prepare_lift,
    fields=(_WHY,),
    effect=Effect.RETENTION,
)

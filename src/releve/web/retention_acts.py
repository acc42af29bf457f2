"""Acts of retention that need two people: purging, and ending something sooner than was agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from releve.kernel.errors import BadInput
from releve.kernel.perimeter import Perimeter
from releve.pages.acts import Act, Effect
from releve.pages.house import current_home, home_perimeter
from releve.pages.roles import APPROVERS
from releve.retention.app import desk
from releve.retention.errors import PurgeHeld
from releve.retention.purging import Plan
from releve.retention.reading import read_rules
from releve.retention.signing import Signer, proposed, sign
from releve.retention.stores import duration_words
from releve.runtime.retention import plan_to_decide
from releve.runtime.retention_tasks import do_purge
from releve.runtime.retention_world import hold_of

PURGE, SHORTEN = "retention.purge", "retention.shorten"
_SHOWN = 20


def _perimeter(act: Mapping[str, Any]) -> Perimeter:
    where = home_perimeter()
    if where is None:
        fix = _("Ouvrez d'abord le premier accès : il demande le FINESS de l'établissement.")
        raise BadInput(where=PURGE, what=_("l'établissement n'est pas déclaré"), fix=fix)
    return where


def _prepare_purge(answers: Mapping[str, str]) -> dict[str, Any]:
    """What is due when it is asked: nothing that comes to its term before the approval is added."""
    plan = plan_to_decide(current_home(), timezone.now())
    return {"months": list(plan.months), "files": list(plan.files)}


def _purge_words(act: Mapping[str, Any]) -> Sequence[str]:
    months, files, said = act["months"], act["files"], list[str]()
    if months:
        said += [
            f"Les clés de {len(months)} mois seront détruites : {', '.join(months)}. Plus personne"
            " ne lira ces messages, ni ici ni dans une copie du journal.",
            "Les vues et les kits seront refaits sans eux ; les anciens kits, leurs codes et les"
            " sels effacés, les journaux techniques vidés, les copies au-dehors rappelées.",
        ]
    if files:
        more = f" … et {len(files) - _SHOWN} autres" if len(files) > _SHOWN else ""
        said.append(f"{len(files)} éléments effacés : {', '.join(files[:_SHOWN])}{more}.")
    return [*said, "Rien ne fera revenir ce qui est détruit. Le registre reste entier."]


def _perform_purge(act: Mapping[str, Any], requester: int) -> str:
    why = hold_of(current_home()).held()
    if why is not None:
        raise PurgeHeld(why=why)
    plan = Plan(tuple(act["months"]), tuple(act["files"]))
    words = f"compte {requester} et un autre compte, par accord"
    row = desk.decide(plan, words, timezone.now())
    do_purge.enqueue(row.pk, unique_key=str(row.pk))
    return f"La purge {row.pk} commence."


def _prepare_shorten(answers: Mapping[str, str]) -> dict[str, Any]:
    rules = read_rules(current_home())
    by = Signer(answers["name"], answers["function"], date.fromisoformat(answers["on"]))
    signer = by.checked(timezone.now())
    store = proposed(rules, answers["store"], int(answers["months"]))
    return {
        "store": store.id,
        "called": store.name,
        "months": store.months,
        "before": duration_words(rules.store(store.id), rules),
        "name": signer.name,
        "function": signer.function,
        "on": signer.on.isoformat(),
    }


def _shorten_words(act: Mapping[str, Any]) -> Sequence[str]:
    return [
        f"« {act['called']} » : la durée passe de {act['before']} à {act['months']} mois.",
        f"Elle sera signée par {act['name']}, {act['function']}, le {act['on']}.",
        "Rien n'est détruit par cet accord : une purge se décide à part, à deux.",
    ]


def _perform_shorten(act: Mapping[str, Any], requester: int) -> str:
    home, by = current_home(), Signer(act["name"], act["function"], date.fromisoformat(act["on"]))
    sign(home, act["store"], by, act["months"])
    desk.tell_signatures(read_rules(home), timezone.now())
    return f"« {act['called']} » est gardé {act['months']} mois."


PURGE_ACT = Act(
    title=_("Purger ce qui a passé son terme"),
    may_request=APPROVERS,
    may_approve=APPROVERS,
    words=_purge_words,
    perimeter=_perimeter,
    perform=_perform_purge,
    prepare=_prepare_purge,
    listed=False,
    effect=Effect.RETENTION,
)
SHORTEN_ACT = Act(
    title=_("Raccourcir une durée de conservation"),
    may_request=APPROVERS,
    may_approve=APPROVERS,
    words=_shorten_words,
    perimeter=_perimeter,
    perform=_perform_shorten,
    prepare=_prepare_shorten,
    listed=False,
    effect=Effect.RETENTION,
)

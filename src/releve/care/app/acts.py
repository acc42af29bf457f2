"""An act of care that a person orders: fresh kits of every ward, at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop as _

from releve.care.kit import frozen
from releve.kernel.errors import BadInput
from releve.kernel.perimeter import Perimeter
from releve.kernel.units import moment
from releve.pages.acts import Act, Effect
from releve.pages.house import current_home, home_perimeter
from releve.pages.roles import PRIVILEGED

PUBLISH = "care.kits.publish"


def publish_act(enqueue: Callable[[], object]) -> Act:
    """The act that orders the work with ``enqueue`` (a job of ``runtime``, in the transaction)."""

    def perform(act: Mapping[str, Any], requester: int) -> str:
        enqueue()
        return "Les kits des services se font maintenant."

    return Act(
        title=_("Refaire les kits de tous les services"),
        may_request=PRIVILEGED,
        may_approve=PRIVILEGED,
        words=_words,
        perimeter=_perimeter,
        perform=perform,
        prepare=_prepare,
        effect=Effect.PROTECT,
        solo=True,
    )


def _prepare(answers: Mapping[str, str]) -> dict[str, Any]:
    state = frozen(current_home())
    if state is not None:
        raise BadInput(
            where=_("kits"),
            what=f"ils sont gelés depuis le {moment(state.since)}",
            fix=_("Ceux de cette heure restent ; ils se referont quand la crise sera levée."),
        )
    return {}


def _words(act: Mapping[str, Any]) -> Sequence[str]:
    return [
        "Un kit neuf sera fait pour chaque service, d'après ce qui est reçu à cette heure.",
        "Là où le nouveau kit serait douteux, le dernier bon reste. Aucun kit n'est effacé.",
    ]


def _perimeter(act: Mapping[str, Any]) -> Perimeter:
    where = home_perimeter()
    if where is None:
        fix = _("Ouvrez d'abord le premier accès : il demande le FINESS de l'établissement.")
        raise BadInput(where=PUBLISH, what=_("l'établissement n'est pas déclaré"), fix=fix)
    return where

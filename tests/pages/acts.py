"""Acts that exist only to be approved in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releve.kernel.errors import BadInput
from releve.kernel.perimeter import perimeter
from releve.pages.acts import Act, Effect, Field
from releve.pages.delegation_desk import SIGN, SIGN_ACT
from releve.pages.grants import GIVE_ROLE, GIVE_ROLE_ACT
from releve.pages.models import Place
from releve.pages.roles import Role
from tests.pages.people import SITE


def _perform(act: Mapping[str, Any], requester: int) -> str:
    """Leaves one row that counts how often it ran."""
    if act["ward"] == "PANNE":
        Place.objects.create(perimeter="moitié", name="à moitié fait")
        raise BadInput(where="essai", what="en panne", fix="réparez")
    Place.objects.create(perimeter=f"fait/{act['ward']}", name=str(requester))
    return f"{act['ward']} est ouvert."


def _prepare(answers: Mapping[str, str]) -> dict[str, Any]:
    if not answers["ward"].isupper():
        raise BadInput(where="service", what="en minuscules", fix="Écrivez-le en majuscules.")
    return {"ward": answers["ward"]}


OPEN_WARD, ALONE = "essai.ouvrir", "essai.seul"
ACTS = {
    GIVE_ROLE: GIVE_ROLE_ACT,
    OPEN_WARD: Act(
        title="Ouvrir un service",
        may_request=frozenset({Role.DSI, Role.CRISIS_CELL}),
        may_approve=frozenset({Role.DIRECTION, Role.DSI}),
        words=lambda act: [f"Le service {act['ward']} sera ouvert."],
        perimeter=lambda act: perimeter(SITE),
        perform=_perform,
        prepare=_prepare,
        fields=(Field("ward", "Service"),),
    ),
    ALONE: Act(
        title="Ouvrir un service, seul",
        may_request=frozenset({Role.DSI, Role.CRISIS_CELL}),
        may_approve=frozenset({Role.DIRECTION, Role.DSI}),
        words=lambda act: [f"Le service {act['ward']} sera ouvert."],
        perimeter=lambda act: perimeter(SITE),
        perform=_perform,
        prepare=_prepare,
        fields=(Field("ward", "Service"),),
        effect=Effect.BESIDE,
        solo=True,
    ),
    SIGN: SIGN_ACT,
}

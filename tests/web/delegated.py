"""A delegation drawn up, signed and used, as people do it through the pages."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from releve.kernel.home import Home
from releve.kernel.units import PARIS
from releve.pages.models import Approval, Delegation, SoloUse
from releve.pages.roles import Role
from tests.pages.people import EJ, person


def delegation_used(home: Home, why: str = "rançongiciel") -> tuple[int, int]:
    """Number of a signed delegation, and of one use of it: retention frozen."""
    holder, boss = person("astreinte", (Role.DSI, EJ)), person("signataire", (Role.DIRECTION, EJ))
    today = timezone.now().astimezone(PARIS).date()
    holder.client.post(
        "/delegations/nouvelle/",
        {
            "holders": ["astreinte"],
            "acts": ["vault.hold", "vault.restore"],
            "cuts": "Internet\nWi-Fi",
            "conditions": "Le directeur de garde ne répond pas.",
            "starts": today.isoformat(),
            "ends": (today + timedelta(days=300)).isoformat(),
            "hours": "24",
            "perimeter": EJ,
        },
    )
    row = Delegation.objects.select_related("approval").latest("pk")
    assert row.approval is not None
    sent = {"digest": row.approval.digest, "code": boss.paper()}
    assert boss.client.post(f"/accords/{row.approval_id}/accorder/", sent).status_code == 302
    holder.client.post("/accords/demander/vault.hold/", {"why": why})
    asked = Approval.objects.latest("created_at")
    alone = {"digest": asked.digest, "number": str(row.pk), "code": holder.paper(), "why": why}
    assert holder.client.post(f"/accords/{asked.pk}/seul/", alone).status_code == 302
    return row.pk, SoloUse.objects.latest("pk").pk

"""What one person may do alone tonight, as the binder prints it: one row an act or a cut."""

from __future__ import annotations

from datetime import datetime

from releve.incident.binder.material import Delegation
from releve.kernel.units import PARIS


def delegations_of(now: datetime) -> tuple[Delegation, ...]:
    """Those in force at ``now``, lowest number first; the records must be in use."""
    from releve.pages.delegation_desk import live

    return tuple(
        Delegation(
            act,
            each.who,
            each.signed_by,
            each.signed_at.astimezone(PARIS).date(),
            each.until,
            f"délégation n° {each.number} : {each.conditions}",
            cut,
        )
        for each in live(now)
        for acts, cut in ((each.acts, False), (each.cuts, True))
        for act in acts
    )

"""What accounts and approvals tell the ledger: facts without names, in the caller's transaction."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from releve import __version__
from releve.kernel.world import Reality, World
from releve.ledger.app.outbox import put
from releve.ledger.evidence import Evidence, Tool
from releve.pages.house import current_home, home_perimeter

_KINDS = {
    "accord": "decision",
    "compte": "access",
    "conservation": "decision",
    "délégation": "decision",
}


def tell(what: str, value: str, **detail: str | int) -> None:
    """Put one fact in the outbox, in the caller's transaction.

    ``what`` begins with one of :data:`_KINDS` and a dot. ``value`` and ``detail`` hold no personal
    data: hashes, kinds, roles, perimeters, row numbers (« compte 3 »), never a name. Silent before
    a legal entity is known: nothing can be signed under no number.
    """
    where = home_perimeter()
    if where is None:
        return
    drill = current_home().world is World.DRILL
    fact = Evidence(
        what=what,
        when=timezone.now(),
        system="pages",
        value=value,
        unit=None,
        tool=Tool("releve", __version__),
        finess=where.ej,
        reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
        kind=_KINDS[what.partition(".")[0]],
        origin="pages",
        number=0,
        detail=detail,
    )
    with transaction.atomic():
        put(fact)

"""What the ledger learns when a patient's file is opened: who, from where, never whose in clear.

Source of the rule: threat model, « presence and curiosity »; CSP art. L. 1110-4 (only the care team
reads a file). The patient stands in the entry as a salted commitment: whoever holds the salt and
the number can show the link, destroying the salt ends it.
"""

from __future__ import annotations

from datetime import datetime

from releve import __version__
from releve.kernel.home import Home
from releve.kernel.ids import DRILL_FINESS
from releve.kernel.perimeter import Perimeter
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Place, Tool
from releve.ledger.commitments import Salts

OPENED = "care.file.opened"


def opened(
    home: Home,
    *,
    patient: str,
    where: Perimeter | None,
    who: str,
    door: str,
    when: datetime,
    origin: str,
    number: int = 0,
) -> Evidence:
    """The entry for one opening. ``patient`` is the file's key, committed under a fresh durable
    salt; ``who`` is « compte 3 » or « console »; ``door`` is ``page`` or ``console``.
    """
    drill = home.world is World.DRILL
    return Evidence(
        what=OPENED,
        when=when,
        system="care",
        value=who,
        unit=None,
        tool=Tool("releve care", __version__),
        finess=where.ej if where else DRILL_FINESS if drill else None,
        reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
        kind="access",
        origin=origin,
        number=number,
        commitments={"patient": Salts(Place(home).salts).commit(patient)},
        detail={"door": door, "perimeter": str(where) if where else "non déclaré"},
    )

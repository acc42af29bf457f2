"""All looks, in the order in which an intruder would use them."""

from __future__ import annotations

from datetime import datetime

from releve.runtime.trust import directory, doors, network
from releve.runtime.trust.machine import Machine
from releve.runtime.trust.tie import State, Tie

_ORDER = {State.TIED: 0, State.UNSEEN: 1, State.FREE: 2}


def ties(machine: Machine, now: datetime) -> list[Tie]:
    """Every line, ties first; then one for what could not be read."""
    found = [*directory.look(machine), *doors.look(machine), *network.look(machine, now)]
    if machine.unread:
        closed = ", ".join(f"/{path}" for path in sorted(machine.unread))
        todo = "relancez en root : ces fichiers peuvent cacher un lien"
        found.append(Tie("fichiers non lus", State.UNSEEN, closed, todo=todo))
    return sorted(found, key=lambda tie: _ORDER[tie.state])

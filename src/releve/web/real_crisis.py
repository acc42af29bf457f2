"""The real crisis, as the field exercise needs it: it stops every exercise."""

from __future__ import annotations

from datetime import datetime

from releve.incident import Author, Nature
from releve.incident.app import desk
from releve.incident.logbook import shortened


class Crisis:
    """Implements ``releve.drill.field.ports.RealCrisis`` over ``incident``."""

    def since(self) -> datetime | None:
        incident = desk.current()
        return incident.opened_at if incident else None

    def open(self, words: str, account: int | None, seen: str, now: datetime) -> None:
        desk.open_crisis(Author(words, account), seen, now)

    def note(self, text: str, now: datetime) -> None:
        if desk.current() is not None:
            line = desk.Draft(Nature.AUTOMATIC, shortened(text))
            desk.write(Author("automatique"), line, now)


CRISIS = Crisis()

"""The crisis from the server's console: what the verb ``incident`` does on a home's records.

Whoever holds the console signs « console du serveur »: the pages know people by their accounts.
Facts go to the ledger at once; when another process holds it, the service appends them later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from releve.incident import Author, Nature, moment_typed
from releve.kernel.clock import iso
from releve.kernel.home import Home, HomeBusy
from releve.kernel.units import hour, moment
from releve.ledger.errors import SignerUnreachable
from releve.runtime.ledger import open_ledger
from releve.runtime.records import use_records

if TYPE_CHECKING:
    from releve.incident.app.models import Incident, LogEntry

_CONSOLE = Author("console du serveur")


def open_crisis(home: Home, cause: str, now: datetime) -> Incident:
    """Open, or the crisis that is open already."""
    use_records(home)
    from releve.incident.app import desk

    incident = desk.open_crisis(_CONSOLE, cause, now)
    _tell(home)
    return incident


def write(
    home: Home, text: str, now: datetime, *, decided: bool, at: str | None, corrects: int | None
) -> LogEntry:
    """A line; ``at`` is its hour in Paris (« 02:47 »). Raises ``NoCrisis``, ``NotALine``,
    ``BadHour``, ``EmptyWords``, ``TooLong``.
    """
    use_records(home)
    from releve.incident.app import desk

    nature = Nature.DECIDED if decided else Nature.OBSERVED
    when = moment_typed(at, now) if at else None
    line = desk.write(_CONSOLE, desk.Draft(nature, text, when, corrects), now)
    _tell(home)
    return line


def close(home: Home, why: str, now: datetime, *, false_alarm: bool) -> Incident:
    """Lift the open crisis. Raises ``NoCrisis``, ``EmptyWords``."""
    use_records(home)
    from releve.incident.app import desk

    incident = desk.close(_CONSOLE, why, now, false_alarm=false_alarm)
    _tell(home)
    return incident


def find(home: Home, number: int | None) -> Incident | None:
    """The crisis of that number, or the open one."""
    use_records(home)
    from releve.incident.app import desk
    from releve.incident.app.models import Incident

    return Incident.objects.filter(pk=number).first() if number else desk.current()


def told(incident: Incident) -> Iterator[str]:
    """A crisis as people read it on a terminal: a sentence, then its lines, oldest first."""
    opened = f"Crise {incident.pk}, ouverte le {moment(incident.opened_at)}"
    yield opened + (f", levée le {moment(incident.closed_at)}." if incident.closed_at else ".")
    for line in incident.lines.select_related("corrects"):
        said = f"corrige {line.corrects.number} : {line.text}" if line.corrects else line.text
        who = "" if line.automatic else f" ({line.author_words})"
        yield f"{line.number:4} {hour(line.moment)} {line.nature:11} {said}{who}"


def figures(incident: Incident) -> dict[str, object]:
    """A crisis, its lines oldest first and the decisions on its gates, for ``--json``.

    ``proof`` is the index in the ledger of the entry a machine's line tells; None for the others.
    """
    return {
        "crisis": incident.pk,
        "state": incident.state,
        "opened_at": iso(incident.opened_at),
        "opened_by": incident.opened_words,
        "reflex": incident.reflex or None,
        "alarm": incident.alarm,
        "closed_at": iso(incident.closed_at) if incident.closed_at else None,
        "lines": [
            {
                "number": line.number,
                "moment": iso(line.moment),
                "written_at": iso(line.written_at),
                "nature": line.nature,
                "author": line.author_words,
                "text": line.text,
                "corrects": line.corrects.number if line.corrects else None,
                "proof": line.ledger_index,
            }
            for line in incident.lines.select_related("corrects")
        ],
        "gates": [
            {"gate": each.words, "closed": each.closed, "at": iso(each.at), "by": each.by_words}
            for each in incident.gates.all()
        ],
    }


def _tell(home: Home) -> None:
    from releve.ledger.app.outbox import drain

    with suppress(HomeBusy, SignerUnreachable), open_ledger(home) as ledger:
        drain(ledger)

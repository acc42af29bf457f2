"""oncall.ics: who is on watch when; holes in a rota."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from releve.establishment.entities import FILE as ENTITIES
from releve.establishment.entities import Declared
from releve.establishment.faults import Findings, shown
from releve.establishment.model import Person, Watch
from releve.establishment.text import clean, decode
from releve.kernel.units import PARIS, moment

if TYPE_CHECKING:
    from icalendar import Calendar, Event

FILE = "oncall.ics"
#: How long after its rota's latest beginning an endless repetition must be covered, and unfolded.
COVERED, ENDLESS = timedelta(days=28), timedelta(days=400)
_LONGEST, _WINDOW = timedelta(days=3660), timedelta(days=91)
_MOST_TURNS = 20_000
#: What icalendar and its zones raise on hostile text (OSError: a zone's name is a file's).
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError)
_LINE = re.compile(r"[A-Za-z0-9-]+(?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?:")


class _Unfit(ValueError):
    """Hours that cannot be unfolded; its text is French and may be shown."""


@dataclass(frozen=True)
class _Turns:
    """One VEVENT unfolded; its rota must be covered until ``covered`` at least on its account."""

    rota: str
    line: int
    watches: tuple[Watch, ...]
    covered: datetime


def read_watches(
    data: bytes, people: Sequence[Person], rotas: Iterable[Declared], findings: Findings
) -> tuple[Watch, ...]:
    """Every watch, in order of time; a fault for each unreadable event, unknown person, hole."""
    text = decode(FILE, data, findings)
    lines = _event_lines(text, findings) if text is not None else None
    calendar = _calendar(text, findings) if text is not None and lines is not None else None
    if calendar is None or lines is None:
        return ()
    known = _Known(people, findings)
    found: list[_Turns] = []
    left = _MOST_TURNS
    events = cast("list[Event]", calendar.walk("VEVENT"))
    latest = _latest_starts(events)
    for number, event in enumerate(events):
        line = lines[number] if number < len(lines) else 0
        turns = _unfold(event, line, latest, left, known, findings)
        if turns is not None and len(turns.watches) > left:
            what = f"plus de {_MOST_TURNS} gardes dans l'agenda : la suite n'est pas lue"
            findings.fault(FILE, line, "limits", what, "Bornez les répétitions avec UNTIL.")
            break
        if turns is not None:
            found.append(turns)
            left -= len(turns.watches)
    _check_cover(found, rotas, findings)
    return tuple(sorted({watch for turns in found for watch in turns.watches}))


def _latest_starts(events: Iterable[Event]) -> dict[str, datetime]:
    """rota → the latest DTSTART of its events."""
    latest: dict[str, datetime] = {}
    for event in events:
        rota = str(event.get("SUMMARY", "")).strip()
        with suppress(*_UNREADABLE):
            start = _utc(event.decoded("DTSTART"))
            latest[rota] = max(start, latest.get(rota, start))
    return latest


def _event_lines(text: str, findings: Findings) -> list[int] | None:
    """The line of each BEGIN:VEVENT; None, with a fault, when the file is no calendar."""
    begins: list[int] = []
    open_blocks: list[tuple[str, int]] = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not line.strip() or line[0] in " \t":
            continue
        if not _LINE.match(line):
            what = f"ce n'est pas une ligne d'agenda : « {shown(line)} »"
            remedy = "Réexportez l'agenda au format iCalendar (NOM:valeur)."
            findings.fault(FILE, number, "ics", what, remedy)
            return None
        name, _, value = line.partition(":")
        block = value.strip().upper()
        if name.upper() == "BEGIN":
            open_blocks.append((block, number))
            if block == "VEVENT":
                begins.append(number)
        elif name.upper() == "END" and (not open_blocks or open_blocks.pop()[0] != block):
            what = f"END:{shown(block)} sans son BEGIN"
            findings.fault(FILE, number, "ics", what, "Réexportez l'agenda.")
            return None
    if open_blocks:
        block, number = open_blocks[-1]
        what = f"BEGIN:{shown(block)} sans son END : le fichier est coupé"
        findings.fault(FILE, number, "ics", what, "Réexportez l'agenda.")
        return None
    return begins


def _calendar(text: str, findings: Findings) -> Calendar | None:
    from icalendar import Calendar

    try:
        parsed = Calendar.from_ical(text)
    except _UNREADABLE as error:
        what = f"l'agenda ne se lit pas ({_why(error)})"
        findings.fault(FILE, 1, "ics", what, "Réexportez-le au format iCalendar.")
        return None
    if isinstance(parsed, Calendar):
        return parsed
    findings.fault(FILE, 1, "ics", "il manque BEGIN:VCALENDAR", "Réexportez l'agenda.")
    return None


def _why(error: Exception) -> str:
    """In French: what we say ourselves, else the value that the library stumbled on. A zone's name
    that no file can bear is said without the path it was looked for under.
    """
    if isinstance(error, _Unfit):
        return str(error)
    if isinstance(error, OSError):
        return "un fuseau horaire illisible"
    if isinstance(error, KeyError) and error.args:
        return f"{shown(str(error.args[0]))} manque"
    said = str(error) if isinstance(error, ValueError) else ""
    quoted = re.search(r"broken property '([^']+)'", said) or re.search(r"'([^']+)'", said)
    unfit = "une date, une durée ou une répétition mal écrite"
    return f"« {shown(quoted[1])} » est illisible" if quoted else unfit


class _Known:
    """People by id and by address."""

    def __init__(self, people: Sequence[Person], findings: Findings) -> None:
        self._ids = {person.id for person in people}
        self._ids |= {name for file, name in findings.declared if file == "people.csv"}
        #: False when people.csv could not be read: nobody is then said to be unknown.
        self.complete = "people.csv" not in findings.unread
        self._emails = {person.email.lower(): person.id for person in people if person.email}

    def find(self, written: str) -> str | None:
        """An id, a ``mailto:`` address or a ``urn:…:id``."""
        bare = re.sub(r"^mailto:", "", written.strip(), flags=re.IGNORECASE)
        for candidate in (bare, bare.rpartition(":")[2]):
            if candidate in self._ids:
                return candidate
        return self._emails.get(bare.lower())


def _unfold(
    event: Event,
    line: int,
    latest: Mapping[str, datetime],
    left: int,
    known: _Known,
    findings: Findings,
) -> _Turns | None:
    """``left``: how many turns may still be unfolded in this file."""
    rota = str(event.get("SUMMARY", "")).strip()
    if not rota:
        findings.fault(FILE, line, "ics", "un événement sans SUMMARY", "Nommez l'astreinte.")
        return None
    if not clean(FILE, line, [rota], findings):
        return None
    people = _people(event, line, rota, known, findings)
    try:
        spans = list(islice(_spans(event, latest[rota] + ENDLESS), left + 1))
    except _UNREADABLE as error:
        what = f"« {shown(rota)} » : des heures illisibles ({_why(error)})"
        findings.fault(FILE, line, "ics", what, "Donnez DTSTART, DTEND et une RRULE simple.")
        return None
    watches = tuple(Watch(rota, start, end, people) for start, end in spans if end > start)
    if len(watches) < len(spans):
        what = f"« {shown(rota)} » finit avant de commencer"
        findings.fault(FILE, line, "rota", what, "Corrigez DTEND.")
    end = max((watch.end for watch in watches), default=latest[rota])
    return _Turns(rota, line, watches, end if _bounded(event) else latest[rota] + COVERED)


def _people(
    event: Event, line: int, rota: str, known: _Known, findings: Findings
) -> tuple[str, ...]:
    written = [str(each) for each in _all(event, "X-RELEVE-PERSON") + _all(event, "ATTENDEE")]
    found: list[str] = []
    for each in written:
        person = known.find(each)
        if person is None and known.complete:
            what = f"« {shown(rota)} » : « {shown(each)} » n'est pas dans people.csv"
            remedy = "Ajoutez cette personne à people.csv, ou corrigez son identifiant."
            findings.fault(FILE, line, "person", what, remedy)
        elif person is not None:
            found.append(person)
    if not written:
        what = f"« {shown(rota)} » : personne n'est nommé"
        findings.fault(FILE, line, "person", what, "Ajoutez X-RELEVE-PERSON:identifiant.")
    return tuple(dict.fromkeys(found))


def _all(event: Event, name: str) -> list[Any]:
    value = event.get(name, [])
    return value if isinstance(value, list) else [value]


def _bounded(event: Event) -> bool:
    rules = [each for each in _all(event, "RRULE") if each]
    return all("UNTIL" in rule or "COUNT" in rule for rule in rules)


def _spans(event: Event, last: datetime) -> Iterable[tuple[datetime, datetime]]:
    """(start, end) of each turn, UTC; an endless repetition until ``last``."""
    start = event.decoded("DTSTART")
    if not isinstance(start, date):  # datetime is a date
        raise _Unfit("DTSTART n'est pas une date")
    zone = event["DTSTART"].params.get("TZID")
    if zone and isinstance(start, datetime) and start.tzinfo is None:
        raise _Unfit(f"fuseau « {shown(str(zone))} » inconnu")
    if _end(event, start) < _utc(start):
        raise _Unfit("DTEND avant DTSTART")
    rules = _all(event, "RRULE")
    if not rules and event.get("RDATE") is None:
        yield _utc(start), _end(event, start)
        return
    for rule in rules:
        fine = {"SECONDLY", "MINUTELY"} & {str(each) for each in rule.get("FREQ", [])}
        if fine or len(rule.get("BYMINUTE", [])) > 1 or len(rule.get("BYSECOND", [])) > 1:
            raise _Unfit("une répétition plus fine que l'heure")
    for occurrence in _occurrences(event, _utc(start), last):
        begin = occurrence.decoded("DTSTART")
        yield _utc(begin), _end(occurrence, begin)


def _occurrences(event: Event, start: datetime, last: datetime) -> Iterable[Event]:
    """By windows, so that whoever counts them can stop."""
    import recurring_ical_events
    from icalendar import Calendar

    alone = Calendar()
    alone.add_component(event)
    end = min(start + _LONGEST, _until(event)) if _bounded(event) else last
    query = recurring_ical_events.of(alone, components=["VEVENT"])
    seen: set[datetime] = set()  # one that straddles two windows is found in both
    while start <= end:
        for occurrence in cast("list[Event]", query.between(start, start + _WINDOW)):
            begin = _utc(occurrence.decoded("DTSTART"))
            if begin <= end and begin not in seen:
                seen.add(begin)
                yield occurrence
        start += _WINDOW


def _until(event: Event) -> datetime:
    """The latest UNTIL of an event; the end of time when it only counts."""
    untils = [_utc(each) for rule in _all(event, "RRULE") for each in rule.get("UNTIL", [])]
    return max(untils, default=datetime(9000, 1, 1, tzinfo=UTC))


def _end(event: Event, start: date) -> datetime:
    if "DTEND" in event:
        return _utc(event.decoded("DTEND"))
    if "DURATION" in event:
        return _utc(start) + timedelta(seconds=event.decoded("DURATION").total_seconds())
    if isinstance(start, datetime):
        raise _Unfit("DTEND manque")
    return _utc(start + timedelta(days=1))


def _utc(when: date) -> datetime:
    """A day starts at midnight in Paris; an hour without zone is in Paris."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    if when.tzinfo is None:
        when = when.replace(tzinfo=PARIS)
    return when.astimezone(UTC)


def _check_cover(found: Sequence[_Turns], rotas: Iterable[Declared], findings: Findings) -> None:
    by_rota: dict[str, list[tuple[Watch, int]]] = {}
    until: dict[str, datetime] = {}
    for turns in found:
        until[turns.rota] = max(turns.covered, until.get(turns.rota, turns.covered))
        for watch in turns.watches:
            by_rota.setdefault(turns.rota, []).append((watch, turns.line))
    for declared in rotas:
        if declared.name not in by_rota:
            what = f"l'astreinte « {shown(declared.name)} » n'a aucune garde"
            remedy = f"Ajoutez ses gardes à {FILE}, avec ce nom en SUMMARY."
            findings.fault(ENTITIES, declared.line, "rota", what, remedy)
            continue
        _check_ends(declared, by_rota[declared.name], findings)
    for rota, watches in by_rota.items():
        _check_holes(rota, sorted(watches), until[rota], findings)


def _check_holes(
    rota: str, watches: list[tuple[Watch, int]], until: datetime, findings: Findings
) -> None:
    covered = watches[0][0].end
    for watch, line in watches[1:]:
        if watch.start > covered and covered < until:
            _hole(rota, line, covered, watch.start, findings)
        covered = max(covered, watch.end)


def _check_ends(declared: Declared, watches: list[tuple[Watch, int]], findings: Findings) -> None:
    first = min(watches)
    last = max(watches, key=lambda each: each[0].end)
    if declared.start and first[0].start > declared.start:
        _hole(declared.name, first[1], declared.start, first[0].start, findings)
    if declared.end and last[0].end < declared.end:
        _hole(declared.name, last[1], last[0].end, declared.end, findings)


def _hole(rota: str, line: int, start: datetime, end: datetime, findings: Findings) -> None:
    what = f"« {shown(rota)} » : personne du {_told(start)} au {_told(end)}"
    remedy = "Ajoutez une garde sur ces heures, ou prolongez la précédente."
    findings.fault(FILE, line, "rota", what, remedy)


def _told(when: datetime) -> str:
    """A moment in Paris; in the hour that October repeats, which of the two it is."""
    local = when.astimezone(PARIS)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return moment(when)
    season = "d'été" if local.dst() else "d'hiver"
    return f"{moment(when)} (heure {season})"

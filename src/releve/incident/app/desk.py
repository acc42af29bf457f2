"""The only writer of a crisis. Each act is one transaction: rows, numbers and facts together.

Times are given by the caller. Called from any process; two at once take turns (the database's
write lock on SQLite, the crisis's row on PostgreSQL).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from releve.incident.app import facts
from releve.incident.app.models import GateDecision, Incident, LogEntry
from releve.incident.errors import CannotReopen, NoCrisis, NotALine, UnknownStep
from releve.incident.gates import gate_named
from releve.incident.logbook import Author, Nature, Source, Topic, clean
from releve.incident.opening import WITHIN, Opened, Verdict, may_open
from releve.incident.steps import Answer, step_named
from releve.pages.house import current_home
from releve.pages.telling import commit

#: A closing by mistake is undone within this time; later it is another crisis.
REOPEN_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class Draft:
    """A line to write. ``moment`` None = now; ``corrects`` is the number of an earlier line;
    ``ticket`` makes a form sent twice one line.
    """

    nature: Nature
    text: str
    moment: datetime | None = None
    corrects: int | None = None
    ticket: str | None = None
    topic: Topic = Topic.NONE
    step: str = ""
    answer: str = ""
    said: str = ""


def current() -> Incident | None:
    """The open crisis."""
    return Incident.objects.filter(state=Incident.OPEN).first()


def open_crisis(by: Author, cause: str, now: datetime) -> Incident:
    """One act, no question. When a crisis is open already, that one: nothing is written twice."""
    said = clean(cause, _("la cause")) if cause.strip() else ""
    return _opened(
        Incident(
            opened_at=now,
            cause=said,
            opened_by_id=by.account,
            opened_words=by.words[:200],
        ),
        by,
        f"Crise ouverte par {by.words}." + (f" Vu : {said}" if said else ""),
    )[0]


def open_by_reflex(
    reflex: str, why: str, system: str, source: Source, now: datetime
) -> Incident | None:
    """Open on an alarm, once per alarm; None when one is open already, or people have just said
    that this machine's alarm was false (:func:`~releve.incident.opening.may_open`).
    """
    with transaction.atomic():
        if (
            current() is not None
            or Incident.objects.filter(epoch=source.epoch, alarm=source.index).exists()
        ):
            return None
        verdict = may_open(system, _past(now), now)
        if verdict is not Verdict.OPEN:
            facts.tell(
                facts.HELD, "event", now, reflex, why=verdict.value, subject=system,
                alarm=source.index,
            )  # fmt: skip
            return None
        by = Author(f"réflexe « {reflex} »")
        incident, fresh = _opened(
            Incident(
                opened_at=now,
                cause=why,
                opened_words=by.words,
                reflex=reflex,
                system=system[:200],
                epoch=source.epoch,
                alarm=source.index,
            ),
            by,
            f"Crise ouverte par le réflexe « {reflex} ».",
        )
        return incident if fresh else None


def write(by: Author, draft: Draft, now: datetime) -> LogEntry:
    """A line in the open crisis's main courante. Raises :class:`NoCrisis`, :class:`NotALine`,
    ``EmptyWords``, ``TooLong``.
    """
    text = clean(draft.text, _("une ligne de main courante"))
    with transaction.atomic():
        if draft.ticket and (sent := LogEntry.objects.filter(ticket=draft.ticket).first()):
            return sent
        incident = _locked()
        old = None
        if draft.corrects is not None:
            old = incident.lines.filter(number=draft.corrects).first()
            if old is None:
                raise NotALine(number=draft.corrects)
        line = LogEntry(
            nature=draft.nature,
            text=text,
            moment=draft.moment or now,
            corrects=old,
            ticket=draft.ticket,
            topic=draft.topic,
            step=draft.step,
            answer=draft.answer,
            said=draft.said[:300],
        )
        return _append(incident, line, by, now)


def note(text: str, source: Source, moment: datetime, now: datetime) -> LogEntry | None:
    """A machine's line about an entry of the ledger; None when no crisis is open, or the entry is
    written already.
    """
    with transaction.atomic():
        if current() is None or _known(source):
            return None
        line = LogEntry(
            nature=Nature.AUTOMATIC,
            text=clean(text, "une phrase"),
            moment=moment,
            epoch=source.epoch,
            ledger_index=source.index,
        )
        return _append(_locked(), line, Author("automatique"), now)


def answer(
    by: Author, slug: str, said: Answer, now: datetime, ticket: str | None, to: str = ""
) -> LogEntry:
    """Say what was made of a first act, or whom it was given to. Raises ``UnknownStep``,
    ``EmptyWords``, :class:`NoCrisis`.
    """
    step = step_named(slug)
    if said is not Answer.GIVEN and said not in step.answers:
        raise UnknownStep(slug=slug)
    given = clean(to, _("à qui")) if said is Answer.GIVEN else ""
    nature, text = step.line(said, given)
    return write(by, Draft(nature, text, None, None, ticket, Topic.STEP, slug, said, given), now)


def close(by: Author, why: str, now: datetime, *, false_alarm: bool = False) -> Incident:
    """End the crisis, with words; everything stays readable. Raises :class:`NoCrisis`."""
    said = "fausse alerte" if false_alarm and not why.strip() else clean(why, _("pourquoi on lève"))
    with transaction.atomic():
        incident = _locked()
        text = f"Crise levée par {by.words} : {said}"
        if false_alarm and said != "fausse alerte":
            text = f"Crise levée par {by.words}, fausse alerte : {said}"
        _append(incident, LogEntry(nature=Nature.DECIDED, text=text, moment=now), by, now)
        incident.state = Incident.FALSE_ALARM if false_alarm else Incident.CLOSED
        incident.closed_at, incident.closed_by_id = now, by.account
        incident.closed_words, incident.why_closed = by.words[:200], said
        incident.save()
        facts.tell(
            facts.CLOSED, "decision", now, str(incident), incident=incident.pk,
            false_alarm=false_alarm, lines=incident.last,
        )  # fmt: skip
        return incident


def reopen(by: Author, number: int, now: datetime) -> Incident:
    """Undo a closing made by mistake. Raises :class:`CannotReopen`."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update().filter(pk=number).first()
        if incident is None or incident.closed_at is None:
            raise CannotReopen(number=number, why=_("elle n'est pas levée"))
        if current() is not None:
            raise CannotReopen(number=number, why=_("une autre crise est ouverte"))
        if now - incident.closed_at > REOPEN_WITHIN:
            raise CannotReopen(number=number, why=_("elle est levée depuis plus d'un jour"))
        incident.state, incident.closed_at = Incident.OPEN, None
        incident.closed_by, incident.closed_words = None, ""
        incident.why_closed, incident.recalled = "", True
        incident.save()
        text = f"Crise rouverte par {by.words} : levée par erreur."
        _append(incident, LogEntry(nature=Nature.DECIDED, text=text, moment=now), by, now)
        facts.tell(facts.REOPENED, "decision", now, str(incident), incident=incident.pk)
        return incident


def decide_gate(by: Author, slug: str, *, closed: bool, why: str, now: datetime) -> GateDecision:
    """Close a gate of the recovery order, or open it again: a named person's decision.

    Raises ``UnknownGate``, :class:`NoCrisis`. Deciding what stands already changes nothing.
    """
    gate = gate_named(current_home(), slug)
    said = clean(why, _("une raison")) if why.strip() else ""
    with transaction.atomic():
        incident = _locked()
        last = incident.gates.filter(gate=slug).last()
        if last is not None and last.closed is closed:
            return last
        decision = GateDecision.objects.create(
            incident=incident,
            gate=slug,
            words=gate.words,
            closed=closed,
            at=now,
            by_id=by.account,
            by_words=by.words[:200],
            why=said,
        )
        verb = "confirmée" if closed else "remise à confirmer"
        text = f"Porte « {gate.words} » {verb} par {by.words}." + (f" {said}" if said else "")
        _append(incident, LogEntry(nature=Nature.DECIDED, text=text, moment=now), by, now)
        facts.tell(
            facts.GATE_CLOSED if closed else facts.GATE_REOPENED, "decision", now, slug,
            gate=gate.words, incident=incident.pk,
        )  # fmt: skip
        return decision


def gates_closed(incident: Incident) -> dict[str, GateDecision]:
    """The last decision about each gate, by slug, where it says « fermée »."""
    last = {decision.gate: decision for decision in incident.gates.all()}
    return {slug: decision for slug, decision in last.items() if decision.closed}


def answers(incident: Incident) -> dict[str, Answer]:
    """The last answer to each first act."""
    rows = incident.lines.filter(topic=Topic.STEP).values_list("step", "answer")
    return {step: Answer(said) for step, said in rows}


def _opened(incident: Incident, by: Author, text: str) -> tuple[Incident, bool]:
    now = incident.opened_at
    with transaction.atomic():
        held = current()
        if held is not None:
            return held, False
        try:
            with transaction.atomic():
                incident.save(force_insert=True)
        except IntegrityError:
            held = current()
            if held is None:
                raise
            return held, False
        facts.tell(
            facts.OPENED, "event" if incident.reflex else "decision", now, str(incident),
            incident=incident.pk, how="réflexe" if incident.reflex else "personne",
            reflex=incident.reflex or None, alarm=incident.alarm,
        )  # fmt: skip
        nature = Nature.AUTOMATIC if incident.reflex else Nature.DECIDED
        _append(incident, LogEntry(nature=nature, text=text, moment=now), by, now)
        return incident, True


def _append(incident: Incident, line: LogEntry, by: Author, now: datetime) -> LogEntry:
    incident.last += 1
    incident.save(update_fields=["last"])
    line.incident, line.number, line.written_at = incident, incident.last, now
    line.author_id, line.author_words = by.account, by.words[:200]
    if line.ledger_index is None:
        line.commitment = commit(line.text)
    line.save(force_insert=True)
    facts.tell(
        facts.WRITTEN,
        "decision" if line.nature == Nature.DECIDED else "event",
        now,
        line.number,
        unit="lignes",
        commitments={"text": line.commitment} if line.commitment else {},
        incident=incident.pk,
        nature=str(line.nature),
        corrects=line.corrects.number if line.corrects else None,
        source=line.ledger_index,
    )
    return line


def _locked() -> Incident:
    incident = Incident.objects.select_for_update().filter(state=Incident.OPEN).first()
    if incident is None:
        raise NoCrisis
    return incident


def _known(source: Source) -> bool:
    return LogEntry.objects.filter(epoch=source.epoch, ledger_index=source.index).exists()


def _past(now: datetime) -> list[Opened]:
    rows = Incident.objects.exclude(reflex="").filter(opened_at__gt=now - 2 * WITHIN)
    return [
        Opened(
            row.opened_at,
            row.system,
            row.closed_at if row.state == Incident.FALSE_ALARM else None,
        )
        for row in rows
    ]

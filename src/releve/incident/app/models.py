"""The rows of a crisis. Only ``incident.app.desk`` writes them; lines are never changed."""

from __future__ import annotations

from django.db import models

from releve.incident.app.copy_rows import Copy
from releve.incident.app.plan_rows import PlanAnswers
from releve.incident.logbook import Author, Nature
from releve.pages.models import Account

__all__ = ["Copy", "DutyCursor", "GateDecision", "Incident", "LogEntry", "PlanAnswers"]


class Incident(models.Model):
    """A crisis. ``state`` is ``open`` for one row at most: the database says so."""

    OPEN, CLOSED, FALSE_ALARM = "open", "closed", "false-alarm"

    state = models.CharField(max_length=16, default=OPEN)
    opened_at = models.DateTimeField()
    #: Seen, when people or a reflex opened it: their own words, or the reflex's name.
    cause = models.TextField(blank=True)
    opened_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    #: Who opened it, as written then: a name, « console », or « réflexe … ».
    opened_words = models.CharField(max_length=200)
    #: The reflex that opened it; empty when a person did.
    reflex = models.CharField(max_length=64, blank=True)
    #: What the alarm was about, and its place in the ledger.
    system = models.CharField(max_length=200, blank=True)
    epoch = models.IntegerField(null=True)
    alarm = models.BigIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    closed_words = models.CharField(max_length=200, blank=True)
    why_closed = models.TextField(blank=True)
    #: The last number given in the main courante.
    last = models.PositiveIntegerField(default=0)
    #: False until what machines had told just before the opening was written in the log.
    recalled = models.BooleanField(default=False)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("state",),
                condition=models.Q(state="open"),
                name="incident_one_open",
            ),
            models.UniqueConstraint(fields=("epoch", "alarm"), name="incident_once_per_alarm"),
        )

    def __str__(self) -> str:
        return f"crise {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == self.OPEN


class LogEntry(models.Model):
    """A line of the main courante: ``moment`` is when it happened, ``written_at`` when it was
    written. ``commitment`` (64 hex digits) is what the ledger holds of a typed text.
    """

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    moment = models.DateTimeField()
    written_at = models.DateTimeField()
    nature = models.CharField(max_length=16, choices=[(n.value, n.value) for n in Nature])
    author = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    author_words = models.CharField(max_length=200)
    text = models.TextField()
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    #: The entry of the ledger a machine's line tells.
    epoch = models.IntegerField(null=True)
    ledger_index = models.BigIntegerField(null=True)
    #: What this line answers (``logbook.Topic``): which act, question or cut, how, in which words.
    topic = models.CharField(max_length=16, blank=True)
    step = models.CharField(max_length=64, blank=True)
    answer = models.CharField(max_length=32, blank=True)
    said = models.CharField(max_length=300, blank=True)
    #: The mark of the form it came from: sent twice, it is one line.
    ticket = models.CharField(max_length=64, null=True, unique=True)
    commitment = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("incident", "number"), name="incident_line_number"),
            models.UniqueConstraint(fields=("epoch", "ledger_index"), name="incident_line_once"),
        )

    def __str__(self) -> str:
        return f"{self.incident_id}/{self.number}"

    @property
    def automatic(self) -> bool:
        return self.nature == Nature.AUTOMATIC

    @property
    def signed(self) -> Author:
        return Author(self.author_words, self.author_id)


class GateDecision(models.Model):
    """A named person closed a gate, or opened it again. The last one of each gate stands."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="gates")
    gate = models.CharField(max_length=80)
    #: The gate's name when it was decided.
    words = models.CharField(max_length=200)
    closed = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    by_words = models.CharField(max_length=200)
    why = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.gate} {'confirmée' if self.closed else 'à confirmer'}"


class DutyCursor(models.Model):
    """How far the reflexes have read the log of an epoch: the next index. ``since`` is when the
    first reading began.
    """

    epoch = models.IntegerField(primary_key=True)
    next = models.BigIntegerField(default=0)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"époque {self.epoch} : {self.next}"

"""The rows of interviews. Only ``interviews`` and ``rulings`` write them; a signed answer is never
changed: a correction is a new version.
"""

from __future__ import annotations

from django.db import models

from releve.pages.models import Account


class Interview(models.Model):
    """One signed version of a service's answers. Durations are seconds."""

    service = models.CharField(max_length=64)
    #: Where the service lies: ``EJ/EG/CODE`` when it was answered.
    perimeter = models.CharField(max_length=120)
    version = models.PositiveIntegerField()
    answered_at = models.DateTimeField()
    #: Name and function typed by whoever signs, and the account they signed with.
    by = models.CharField(max_length=120)
    function = models.CharField(max_length=120)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    on_behalf = models.BooleanField(default=False)
    #: The account's own name on that day.
    entered_by = models.CharField(max_length=200, blank=True)
    #: None = « je ne sais pas ».
    pdma = models.PositiveIntegerField(null=True)
    staff = models.TextField(blank=True)
    paper = models.TextField(blank=True)
    call = models.TextField(blank=True)
    #: What the ledger holds of the whole sheet.
    commitment = models.CharField(max_length=64)

    class Meta:
        ordering = ("service", "version")
        constraints = (
            models.UniqueConstraint(fields=("service", "version"), name="interview_version"),
        )

    def __str__(self) -> str:
        return f"{self.service} v{self.version}"


class InterviewHorizon(models.Model):
    """How bad, and what is done, after ``after`` seconds without software."""

    interview = models.ForeignKey(Interview, models.PROTECT, related_name="horizons")
    after = models.PositiveIntegerField()
    impact = models.CharField(max_length=16)
    instead = models.TextField(blank=True)

    class Meta:
        ordering = ("after",)

    def __str__(self) -> str:
        return f"{self.after} s : {self.impact}"


class InterviewReliance(models.Model):
    """Something the service relies on, and what is done instead."""

    interview = models.ForeignKey(Interview, models.PROTECT, related_name="reliances")
    #: A node of the establishment, or empty.
    node = models.CharField(max_length=80, blank=True)
    words = models.CharField(max_length=200)
    way = models.CharField(max_length=16)
    instead = models.TextField(blank=True)
    tried = models.CharField(max_length=16)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.words} : {self.way}"


class InterviewDraft(models.Model):
    """What an account has answered of a service and not signed yet: a phone may fall."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    service = models.CharField(max_length=64)
    #: The version that was signed when these answers were begun, 0 when none was.
    upon = models.PositiveIntegerField()
    answers = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("account", "service"), name="interview_one_draft"),
        )

    def __str__(self) -> str:
        return f"{self.service}, brouillon"


class Ruling(models.Model):
    """What the CIO or the direction decided about one contradiction: never changed."""

    ACCEPTED, KEPT = "accepted", "kept"

    key = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=32)
    service = models.CharField(max_length=64)
    said = models.TextField()
    known = models.TextField()
    decision = models.CharField(max_length=16)
    why = models.TextField(blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    by = models.CharField(max_length=200)
    at = models.DateTimeField()
    #: The generation of the establishment that an acceptance made.
    generation = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.service} : {self.decision}"

"""The rows of a field exercise. ``desk``, ``stamps`` and ``after`` write them; marks and passages
are never changed.
"""

from __future__ import annotations

from django.db import models

from releve.drill.field.exercise import State
from releve.pages.models import Account

_STATES = [(state.value, state.value) for state in State]


class Exercise(models.Model):
    """One exercise. ``live`` is true for one row at most: the database says so."""

    scenario = models.CharField(max_length=80)
    #: The scenario's very text when it was prepared: a new version of Relève changes nothing here.
    scenario_text = models.TextField()
    title = models.CharField(max_length=200)
    planned_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    animator = models.CharField(max_length=200)
    invited = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=_STATES, default=State.READY.value)
    live = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_words = models.CharField(max_length=200)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: When the real crisis that stopped it had been opened.
    alarm_at = models.DateTimeField(null=True)
    #: The hot debrief, one thing a line.
    worked = models.TextField(blank=True)
    failed = models.TextField(blank=True)
    #: The signed report: its text, its SHA-256, who signed it.
    report = models.TextField(blank=True)
    report_sha256 = models.CharField(max_length=64, blank=True)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    signed_words = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-planned_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("live",), condition=models.Q(live=True), name="drill_one_live_exercise"
            ),
        )

    def __str__(self) -> str:
        return f"exercice {self.pk}"

    @property
    def stands(self) -> State:
        return State(self.state)


class Place(models.Model):
    """Where somebody observes: a ward, or the crisis cell."""

    exercise = models.ForeignKey(Exercise, models.CASCADE, related_name="places")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    perimeter = models.CharField(max_length=120)
    cell = models.BooleanField(default=False)
    observer = models.CharField(max_length=200, blank=True)
    #: Changes when a code is replaced: the former one opens nothing any more.
    round = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("cell", "pk")
        constraints = (
            models.UniqueConstraint(fields=("exercise", "code"), name="drill_place_once"),
        )

    def __str__(self) -> str:
        return f"{self.exercise_id}/{self.code}"


class Passage(models.Model):
    """The exercise came to ``state``."""

    exercise = models.ForeignKey(Exercise, models.CASCADE, related_name="passages")
    state = models.CharField(max_length=16, choices=_STATES)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    by_words = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.exercise_id} {self.state}"


class Mark(models.Model):
    """A tap, an hour written, or what withdraws one: ``at`` None. ``place`` None: an inject."""

    exercise = models.ForeignKey(Exercise, models.CASCADE, related_name="marks")
    place = models.ForeignKey(Place, models.CASCADE, null=True, related_name="marks")
    what = models.CharField(max_length=64)
    at = models.DateTimeField(null=True)
    written_at = models.DateTimeField()
    how = models.CharField(max_length=24)
    by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    by_words = models.CharField(max_length=200)
    #: The mark of the form it came from: sent twice, it is one row.
    ticket = models.CharField(max_length=120, null=True, unique=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.exercise_id} {self.what}"


class Presence(models.Model):
    """How many people of one profession signed in one place: no name is kept."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="presences")
    profession = models.CharField(max_length=80)
    count = models.PositiveIntegerField()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("place", "profession"), name="drill_presence_once"),
        )

    def __str__(self) -> str:
        return f"{self.place} {self.profession} {self.count}"


class Action(models.Model):
    """What an exercise showed must be mended; it comes back until a named person closes it."""

    exercise = models.ForeignKey(Exercise, models.PROTECT, related_name="actions")
    what = models.CharField(max_length=500)
    owner = models.CharField(max_length=200)
    due = models.DateField()
    opened_at = models.DateTimeField()
    commitment = models.CharField(max_length=64, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_words = models.CharField(max_length=200, blank=True)
    proof = models.CharField(max_length=500, blank=True)
    ticket = models.CharField(max_length=120, null=True, unique=True)

    class Meta:
        ordering = ("due", "pk")

    def __str__(self) -> str:
        return f"action {self.pk}"


class ActivityWeight(models.Model):
    """The activity of a site (EJ/EG) or of a service of it, as the establishment entered it."""

    unit = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=200)
    value = models.FloatField()
    source = models.CharField(max_length=200)
    year = models.PositiveIntegerField()
    entered_at = models.DateTimeField()
    entered_words = models.CharField(max_length=200)

    class Meta:
        ordering = ("unit",)

    def __str__(self) -> str:
        return f"{self.unit} {self.value}"

"""One row per job."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from releve.jobs.states import LIVE, JobState


class Job(models.Model):
    """Written by ``store`` only: every change of a running row is fenced there."""

    task = models.CharField("tâche", max_length=200)
    queue = models.CharField("file", max_length=50)
    priority = models.SmallIntegerField("priorité", default=0)
    #: A JSON list; text, so that both databases keep the same characters.
    arguments = models.TextField("arguments")
    unique_key = models.CharField("clé", max_length=200, null=True)
    state = models.CharField(
        "état", max_length=10, choices=[(s.value, s.value) for s in JobState], default="waiting"
    )
    #: See ``releve.jobs.timing.Due``: the start of a waiting job, the lease's end of a running one.
    due_at = models.DateTimeField("à prendre dès")
    due_set_at = models.DateTimeField("calculé le", null=True)
    #: Grows at each claim and never goes back: with ``worker`` it fences.
    attempt = models.PositiveIntegerField("prise", default=0)
    failures = models.PositiveIntegerField("échecs", default=0)
    #: Times a holder vanished without a verdict: killed, or frozen past its lease.
    interruptions = models.PositiveIntegerField("interruptions", default=0)
    worker = models.CharField("exécutant", max_length=120, default="")
    error = models.TextField("dernière erreur", default="")
    enqueued_at = models.DateTimeField("demandé le")
    ended_at = models.DateTimeField("terminé le", null=True)

    class Meta:
        verbose_name = "travail"
        verbose_name_plural = "travaux"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "unique_key"], name="jobs_one_per_key"),
            models.CheckConstraint(
                condition=models.Q(state__in=[s.value for s in JobState]), name="jobs_known_state"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["queue", "-priority", "id"],
                condition=models.Q(state__in=[s.value for s in LIVE]),
                name="jobs_live",
            ),
            models.Index(fields=["state", "ended_at"], name="jobs_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.task} n° {self.pk} ({self.state})"

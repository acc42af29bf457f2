"""The row of a care home's answers. Only ``incident.app.plans`` writes it."""

from __future__ import annotations

from django.db import models

from releve.pages.models import Account


class PlanAnswers(models.Model):
    """What the form of a home's « plan bleu numérique » said; a correction is a new version. No
    resident is in it.
    """

    #: FINESS of the home: an entity's or a site's.
    place = models.CharField(max_length=9)
    version = models.PositiveIntegerField()
    saved_at = models.DateTimeField()
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    answers = models.JSONField()

    class Meta:
        ordering = ("place", "version")
        constraints = (
            models.UniqueConstraint(fields=("place", "version"), name="incident_plan_version"),
        )

    def __str__(self) -> str:
        return f"plan bleu {self.place} v{self.version}"

"""The row of a printed copy. Only ``incident.app.copies`` writes it."""

from __future__ import annotations

from django.db import models


class Copy(models.Model):
    """A piece of paper that left Relève; its number is its primary key, never given twice."""

    MADE, RETURNED, DESTROYED, LOST = "", "rendu", "détruit", "perdu"

    what = models.CharField(max_length=40)
    variant = models.CharField(max_length=16)
    #: Codes of the services it is about, joined by spaces; empty: the whole establishment.
    wards = models.TextField(blank=True)
    #: Generation and fingerprint of the establishment; key → digest of what may change on it.
    generation = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    printed = models.JSONField(default=dict)
    #: How many patients are named on it; the months of their stay decide its end.
    patients = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    holder = models.CharField(max_length=200, blank=True)
    handed_at = models.DateTimeField(null=True)
    recalled_at = models.DateTimeField(null=True)
    recalled_why = models.CharField(max_length=400, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_how = models.CharField(max_length=16, blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"exemplaire {self.pk}"

    @property
    def codes(self) -> tuple[str, ...]:
        """The services it is about; empty: all of them."""
        return tuple(self.wards.split())

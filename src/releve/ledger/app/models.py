"""What waits to be appended, and how far each origin has counted."""

from __future__ import annotations

from django.db import models


class OutboxCounter(models.Model):
    """The last number given to an origin. Its row is locked until the caller commits, so numbers
    become visible in order and without holes.
    """

    origin = models.CharField(max_length=100, primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.origin} : {self.last}"


class Outbox(models.Model):
    """One evidence: canonical JSON, and the index the ledger gave it (null until then)."""

    origin = models.CharField(max_length=100)
    number = models.BigIntegerField()
    payload = models.TextField()
    appended = models.BigIntegerField(null=True, blank=True)
    #: Why the ledger will never take it; empty while it may.
    refused = models.TextField(default="", blank=True)

    class Meta:
        constraints = [  # noqa: RUF012 - Django's own form
            models.UniqueConstraint(fields=["origin", "number"], name="ledger_outbox_once"),
        ]
        indexes = [  # noqa: RUF012 - Django's own form
            models.Index(
                fields=["id"],
                name="ledger_outbox_waiting",
                condition=models.Q(appended__isnull=True, refused=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin} n° {self.number}"

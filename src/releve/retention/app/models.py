"""The rows of retention. Only ``retention.app.desk`` writes them; none is ever removed."""

from __future__ import annotations

import json

from django.db import models

from releve.pages.models import Account
from releve.retention.purging import Plan


class Officer(models.Model):
    """The data protection officer (DPO) agreed that real patients' messages be received. The last
    row stands.
    """

    name = models.CharField(max_length=120)
    #: The day of the agreement.
    agreed_on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    by_words = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name


class Override(models.Model):
    """Somebody listened on an address of the network before a DPO was entered, and said why."""

    reason = models.TextField()
    address = models.CharField(max_length=64)
    at = models.DateTimeField()
    by_words = models.CharField(max_length=200)
    #: When a DPO was entered at last.
    regularised_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.address} : {self.reason[:60]}"


class Told(models.Model):
    """What the ledger was told once and must not be told again: a signature, a term reached."""

    key = models.CharField(max_length=64, unique=True)
    what = models.CharField(max_length=80)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.what


class Purge(models.Model):
    """Decided by two people; ``plan`` is JSON, ``counts`` too, empty until it is done."""

    DECIDED, DONE = "decided", "done"

    state = models.CharField(max_length=16, default=DECIDED)
    plan = models.TextField()
    decided_at = models.DateTimeField()
    by_words = models.CharField(max_length=400)
    done_at = models.DateTimeField(null=True)
    counts = models.TextField(blank=True)
    #: Why the last try did not finish; empty once done.
    trouble = models.TextField(blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"purge {self.pk}"

    @property
    def planned(self) -> Plan:
        """What was decided."""
        said = json.loads(self.plan)
        return Plan(tuple(said["months"]), tuple(said["files"]))

    @property
    def figures(self) -> dict[str, int]:
        """What was done, by name; empty until then."""
        return dict(json.loads(self.counts)) if self.counts else {}

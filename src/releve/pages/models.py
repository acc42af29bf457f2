"""The rows of accounts, rights, one-time codes and approvals."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from releve.kernel import perimeter as kernel_perimeter
from releve.pages.roles import Role


def _role_choices() -> list[tuple[str, str]]:
    return [(role.value, role.words) for role in Role]


class AccountManager(BaseUserManager["Account"]):
    """Accounts are looked up by login name, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(login__iexact=username)


class Account(AbstractBaseUser):
    """A person who signs in. There is no e-mail: nothing is ever sent to prove who one is."""

    login = models.CharField(_("identifiant"), max_length=64, unique=True)
    name = models.CharField(_("nom affiché"), max_length=120)
    function = models.CharField(_("fonction"), max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.function})" if self.function else self.name

    @property
    def activated(self) -> bool:
        """False until the person has chosen a password with the one-time code."""
        return self.has_usable_password()


class Place(models.Model):
    """A perimeter this home knows, with the name people give it."""

    perimeter = models.CharField(_("périmètre"), max_length=120, primary_key=True)
    name = models.CharField(_("nom"), max_length=160)

    class Meta:
        ordering = ("perimeter",)

    def __str__(self) -> str:
        return f"{self.name} ({self.perimeter})"


class Grant(models.Model):
    """A right: a role on a perimeter. Never erased: a withdrawn right keeps its dates."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="grants")
    role = models.CharField(_("rôle"), max_length=16, choices=_role_choices)
    perimeter = models.CharField(_("périmètre"), max_length=120)
    given_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("perimeter", "role")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "role", "perimeter"),
                condition=models.Q(revoked_at__isnull=True),
                name="one_live_grant",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} × {self.perimeter}"

    @property
    def words(self) -> str:
        return Role(self.role).words

    @property
    def where(self) -> kernel_perimeter.Perimeter:
        return kernel_perimeter.perimeter(self.perimeter)


class OneTimeCode(models.Model):
    """A code given on the console or by hand; only its hash is here, and it is used once."""

    FIRST_ACCESS = "premier-acces"
    ACTIVATION = "activation"

    purpose = models.CharField(max_length=16)
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} jusqu'au {self.expires_at}"


class Approval(models.Model):
    """A request for a second look, and its answer. The decision is ``approvals.check``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=64)
    #: Canonical JSON (RFC 8785) of all that is approved; ``digest`` is its SHA-256.
    act = models.TextField()
    digest = models.CharField(max_length=64)
    perimeter = models.CharField(max_length=120)
    requester = models.ForeignKey(Account, models.PROTECT, related_name="+")
    requester_session = models.CharField(max_length=64)
    requester_station = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=16, default="waiting")
    decider = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]} {self.state}"


class Delegation(models.Model):
    """A right to act alone, drawn up then signed. What it says is the text of its ``approval``;
    ``digest`` is what the direction signed. The decision is ``delegations.check``.
    """

    approval = models.OneToOneField(Approval, models.PROTECT, null=True, related_name="+")
    drawn_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()
    digest = models.CharField(max_length=64, blank=True)
    signed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"délégation n° {self.pk}"


class SoloUse(models.Model):
    """An act done alone under a delegation, and what another person said of it after. Never
    erased.
    """

    delegation = models.ForeignKey(Delegation, models.PROTECT, related_name="uses")
    #: The request that was performed: its act, its words and their hash.
    approval = models.OneToOneField(Approval, models.PROTECT, related_name="+")
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    session = models.CharField(max_length=64)
    station = models.CharField(max_length=64)
    why = models.TextField(blank=True)
    at = models.DateTimeField()
    confirm_by = models.DateTimeField()
    answered_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    contested = models.BooleanField(default=False)
    said = models.TextField(blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"usage {self.pk} de la délégation n° {self.delegation_id}"

"""Programs, their people and their effective-dated credit terms."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class WeekStart(models.TextChoices):
    """First day of a program's week, as `credit.md` spells it."""

    MON = "MON", "Monday"
    TUE = "TUE", "Tuesday"
    WED = "WED", "Wednesday"
    THU = "THU", "Thursday"
    FRI = "FRI", "Friday"
    SAT = "SAT", "Saturday"
    SUN = "SUN", "Sunday"


class Program(models.Model):
    """One intensive outpatient program: its zone, its week and the number people call."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    week_start = models.CharField(max_length=3, choices=WeekStart.choices, default=WeekStart.SUN)
    callback_phone = models.CharField(max_length=40)
    part2_covered = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class ProgramMembership(models.Model):
    """A staff account's place in a program; the scope of everything the account may see."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="program_memberships"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="Last day; auditors always have one")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "user"], name="programs_membership_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CreditTerms(models.Model):
    """One immutable version of a program's credit parameters (domain.md 3.2), in force from a date."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="credit_terms")
    version = models.PositiveIntegerField()
    effective_on = models.DateField()
    name = models.CharField(max_length=120)
    parameters = models.JSONField(default=dict, help_text="Names and values of credit.md section 3; others default")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "version"], name="programs_terms_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Invitation(models.Model):
    """A single-use link by which a person sets a password and gets the role it names."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="invitations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)

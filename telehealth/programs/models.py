"""Programs, their people and their effective-dated credit terms."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

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

    @property
    def zone(self) -> ZoneInfo:
        """Give the program's time zone."""
        return ZoneInfo(self.time_zone)

    def date_at(self, at: datetime) -> date:
        """Give the program's calendar date at an instant."""
        return at.astimezone(self.zone).date()

    def first_day_of_week(self, day: date) -> date:
        """Give the first day of the program's week that holds a date."""
        starts = list(WeekStart.values).index(self.week_start)
        return day - timedelta(days=(day.weekday() - starts) % 7)


class ProgramMembership(models.Model):
    """A staff account's place in a program; the scope of everything the account may see."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="program_memberships"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="Last day; auditors always have one")
    sees_from = models.DateField(null=True, blank=True, help_text="Auditors: first service date in scope")
    sees_until = models.DateField(null=True, blank=True, help_text="Auditors: last service date in scope")
    is_supervisor = models.BooleanField(
        default=False, help_text="A clinical supervisor, who may approve corrections of others"
    )

    class Meta:
        constraints: ClassVar = [
            # A person who comes back gets a new row; the ended one stays as it was.
            models.UniqueConstraint(
                fields=["program", "user"],
                condition=models.Q(ends_on__isnull=True),
                name="programs_membership_once_open",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def is_in_force(self, on: date) -> bool:
        """Say whether the membership holds on a date of the program's calendar."""
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


class Track(models.Model):
    """Patients of one program with one schedule and rules: morning, evening, adolescent (domain.md 1.1)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="tracks")
    name = models.CharField(max_length=80)
    ended_on = models.DateField(
        null=True, blank=True, help_text="Last day; nothing new is planned in it after"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "name"], name="programs_track_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class CreditTerms(models.Model):
    """One immutable version of credit parameters (domain.md 3.2), in force from a date.

    They are the program's, or those that one of its tracks lays over them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="credit_terms")
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_terms"
    )
    version = models.PositiveIntegerField(help_text="Counted over all terms of the program")
    effective_on = models.DateField()
    pack = models.CharField(max_length=40, blank=True, help_text="Key of the named pack they began as")
    name = models.CharField(max_length=120)
    parameters = models.JSONField(
        default=dict, help_text="Names and values of credit.md section 3; others default"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "version"], name="programs_terms_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class InvitationState(models.TextChoices):
    """What an invitation's link is worth; derived, never stored."""

    PENDING = "pending", "Waiting for the person"
    ACCEPTED = "accepted", "Accepted"
    EXPIRED = "expired", "Run out"
    REVOKED = "revoked", "Withdrawn"


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

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="programs_invitation_one_pending",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def state_at(self, at: datetime) -> InvitationState:
        """Say what the link is worth at an instant."""
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        return InvitationState.EXPIRED if at >= self.expires_at else InvitationState.PENDING

"""A patient and the dated facts of the episode of care."""

from __future__ import annotations

import uuid
from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.programs.models import Program, Track

LEVEL_OF_CARE_CEILING_MINUTES = 1200


class EnrollmentState(models.TextChoices):
    """Where an episode stands (the part of domain.md 7 that exists so far)."""

    PENDING = "PENDING", "Not yet admitted"
    ACTIVE = "ACTIVE", "Active"
    TAPER = "TAPER", "Taper"
    ON_HOLD = "ON_HOLD", "On hold"
    DISCHARGED = "DISCHARGED", "Discharged"

    @property
    def is_in_treatment(self) -> bool:
        """Say whether sessions may be joined in this state (domain.md 4.5)."""
        return self in (EnrollmentState.ACTIVE, EnrollmentState.TAPER)

    @property
    def slug(self) -> str:
        """Give the state as a route names it, for example `on-hold`."""
        return self.value.lower().replace("_", "-")


class DischargeKind(models.TextChoices):
    """How an episode ended (domain.md 1.1)."""

    COMPLETED = "completed", "Completed"
    STEP_UP = "step_up", "Step-up to more intensive care"
    STEP_DOWN = "step_down", "Step-down to less intensive care"
    TRANSFERRED = "transferred", "Transferred"
    ADMINISTRATIVE = "administrative", "Administrative"
    AGAINST_ADVICE = "against_advice", "Against medical advice"
    LOST_TO_CONTACT = "lost_to_contact", "Lost to contact"
    DECEASED = "deceased", "Deceased"


class Patient(models.Model):
    """A person in treatment. The id is opaque and is the patient id of evidence files."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="patient")
    record_number = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return str(self.pk)


class Enrollment(models.Model):
    """One episode of care of one patient in one program."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="enrollments")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="enrollments")
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, blank=True, related_name="enrollments"
    )
    state = models.CharField(max_length=12, choices=EnrollmentState.choices, default=EnrollmentState.PENDING)
    admitted_on = models.DateField()
    discharged_on = models.DateField(null=True, blank=True)
    discharge_kind = models.CharField(max_length=20, choices=DischargeKind.choices, blank=True)
    primary_therapist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["patient", "program"],
                condition=~models.Q(state=EnrollmentState.DISCHARGED),
                name="enrollment_one_open_episode",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EnrollmentState.values), name="enrollment_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(discharged_on__isnull=True)
                | models.Q(discharged_on__gte=models.F("admitted_on")),
                name="enrollment_discharged_after_admitted",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def state_enum(self) -> EnrollmentState:
        """Give the state as its enumeration."""
        return EnrollmentState(self.state)

    def is_in_force(self, on: date) -> bool:
        """Say whether the episode allows sessions on a date of the program's calendar."""
        ends = self.discharged_on
        return self.state_enum.is_in_treatment and self.admitted_on <= on and (ends is None or on <= ends)


class WeeklyTarget(models.Model):
    """Minutes a week the plan prescribes from a date on; rows are added, never edited."""

    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="targets")
    effective_on = models.DateField()
    minutes = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment", "effective_on"], name="enrollment_target_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_above_level_of_care(self) -> bool:
        """Say whether the hours are those of a partial hospitalization program (domain.md 2.3: warn)."""
        return self.minutes >= LEVEL_OF_CARE_CEILING_MINUTES


class EnrollmentTerms(models.Model):
    """Credit parameters of one episode over those of its track and program, from the start of a program week.

    Rows are added, never edited: a week is decided by the terms in force on its first day.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="terms")
    version = models.PositiveIntegerField()
    effective_on = models.DateField(help_text="First day of a program week")
    pack = models.CharField(max_length=40, blank=True, help_text="Key of the named pack they began as")
    name = models.CharField(max_length=120)
    parameters = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrollment", "version"], name="enrollment_terms_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class EnrollmentChange(models.Model):
    """One dated step of an episode: admission, taper, hold, return, discharge, another track. Append-only."""

    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="changes")
    state = models.CharField(max_length=12, choices=EnrollmentState.choices)
    track = models.ForeignKey(Track, on_delete=models.PROTECT, null=True, related_name="+")
    effective_on = models.DateField()
    expected_return_on = models.DateField(null=True, help_text="Of a hold")
    reason = models.CharField(max_length=200, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["enrollment", "effective_on"], name="enrollment_change_by_day")
        ]

    def __str__(self) -> str:
        return str(self.pk)

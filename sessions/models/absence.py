"""What staff decide about a missed session, and how they reached out (domain.md 1.1, 3.1, 3.6)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.enrollment.models import Enrollment, Patient

from .session import GroupSession


class AbsenceKind(models.TextChoices):
    """How an absence counts. Without a decision it is a no-show."""

    EXCUSED = "EXCUSED", "Excused"
    UNEXCUSED = "UNEXCUSED", "Unexcused"


class AbsenceReason(models.TextChoices):
    """Why the patient was away (domain.md 3.6; `NO_CONTACT` and `LATE_CANCEL` are unexcused)."""

    ILLNESS = "illness", "Illness"
    MEDICAL_APPOINTMENT = "medical_appointment", "Medical appointment"
    COURT = "court", "Court"
    WORK = "work", "Work"
    BEREAVEMENT = "bereavement", "Bereavement"
    RELIGIOUS = "religious", "Religious observance"
    TECHNOLOGY = "technology", "Technology"
    PROGRAM_CLOSURE = "program_closure", "Program closure"
    LATE_CANCEL = "late_cancel", "Cancelled too late"
    NO_CONTACT = "no_contact", "No contact"
    OTHER = "other", "Something else"


class AbsenceDecision(models.Model):
    """A decision about one missed session; the newest one stands. Append-only, and it never adds minutes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group_session = models.ForeignKey(
        GroupSession, on_delete=models.PROTECT, related_name="absence_decisions"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="absence_decisions")
    kind = models.CharField(max_length=12, choices=AbsenceKind.choices)
    reason = models.CharField(max_length=24, choices=AbsenceReason.choices)
    note = models.TextField(blank=True)
    noticed_at = models.DateTimeField(null=True, help_text="When the patient gave notice, if they did")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["group_session", "patient", "decided_at"], name="iop_absence_by_row")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class OutreachChannel(models.TextChoices):
    """How staff tried to reach a patient."""

    PHONE = "phone", "Phone call"
    TEXT = "text", "Text message"
    EMAIL = "email", "Email"
    EMERGENCY_CONTACT = "emergency_contact", "Emergency contact"
    VISIT = "visit", "Visit"


class OutreachOutcome(models.TextChoices):
    """What came of it."""

    REACHED = "reached", "Reached"
    LEFT_MESSAGE = "left_message", "Left a message"
    NO_ANSWER = "no_answer", "No answer"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    SAFETY_CONCERN = "safety_concern", "Safety concern, escalated"


class OutreachAttempt(models.Model):
    """One attempt to reach a patient who stays away. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="outreach_attempts")
    group_session = models.ForeignKey(
        GroupSession, on_delete=models.PROTECT, null=True, related_name="+", help_text="The last one missed"
    )
    channel = models.CharField(max_length=20, choices=OutreachChannel.choices)
    outcome = models.CharField(max_length=20, choices=OutreachOutcome.choices)
    note = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["enrollment", "made_at"], name="iop_outreach_by_episode")]

    def __str__(self) -> str:
        return str(self.pk)

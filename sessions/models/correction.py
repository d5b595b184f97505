"""Corrections of credited minutes, and patients' disputes. Rows are appended; no fact is ever edited."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.enrollment.models import Patient

from .session import GroupSession


class CorrectionReason(models.TextChoices):
    """Why credited minutes are changed by a person (domain.md 3.6)."""

    DEVICE_FAILURE = "device_failure", "The patient's device failed"
    PLATFORM_OUTAGE = "platform_outage", "Our platform failed"
    WRONG_PERSON = "wrong_person", "The wrong person was counted"
    BREAK_MISSED = "break_missed", "A break was not marked"
    PHONE_BRIDGE = "phone_bridge", "The patient took part by phone"
    FACILITATOR_ERROR = "facilitator_error", "The facilitator made a mistake"
    PAYER_INSTRUCTION = "payer_instruction", "The payer asked for it"
    OTHER = "other", "Something else"


class Correction(models.Model):
    """One person's request to credit other minutes than those computed. Append-only.

    It takes effect with its `CorrectionDecision`; one within the limit of a single person has it at once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group_session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, related_name="corrections")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="corrections")
    old_min = models.PositiveIntegerField(help_text="Credited minutes before, earlier corrections included")
    new_min = models.PositiveIntegerField()
    reason = models.CharField(max_length=24, choices=CorrectionReason.choices)
    narrative = models.TextField(help_text="In the requester's words; the patient reads it too")
    evidence = models.TextField(blank=True, help_text="What it rests on: a call log, a note, a ticket")
    is_late_entry = models.BooleanField(help_text="Entered later than `late_entry_hours` after the end")
    needs_second_person = models.BooleanField(help_text="The change is above `dual_control_min`")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["group_session", "patient", "requested_at"], name="iop_correction_by_row")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CorrectionOutcome(models.TextChoices):
    """What became of a request."""

    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class CorrectionDecision(models.Model):
    """The end of one request; an approval puts its minutes in force. Append-only.

    `decided_by` differs from the requester wherever a second person was needed.
    """

    correction = models.OneToOneField(Correction, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=12, choices=CorrectionOutcome.choices)
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class Dispute(models.Model):
    """A patient's objection to what was credited. Append-only: it is answered, not deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group_session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, related_name="disputes")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="disputes")
    credited_min = models.PositiveIntegerField(help_text="What was credited when the patient objected")
    text = models.TextField()
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class DisputeOutcome(models.TextChoices):
    """What the program answered."""

    CORRECTED = "corrected", "The minutes were corrected"
    UPHELD = "upheld", "The minutes stay as they are"


class DisputeAnswer(models.Model):
    """The program's answer to one dispute. Append-only."""

    dispute = models.OneToOneField(Dispute, on_delete=models.PROTECT, related_name="answer")
    outcome = models.CharField(max_length=12, choices=DisputeOutcome.choices)
    text = models.TextField()
    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, null=True, related_name="answers")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)

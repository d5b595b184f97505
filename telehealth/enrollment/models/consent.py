"""Consent documents in immutable versions, signatures and revocations (domain.md 4.1, 4.4, 4.5)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.programs.models import Program

from .patient import Patient


class ConsentKind(models.TextChoices):
    """The agreements the join gate asks for."""

    TREATMENT = "treatment", "Consent to treatment"
    TELEHEALTH = "telehealth", "Telehealth consent"
    GROUP_CONFIDENTIALITY = "group_confidentiality", "Group confidentiality agreement"


class ConsentDocument(models.Model):
    """One published version of one agreement. Rows are append-only: a new text is a new version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="consent_documents")
    kind = models.CharField(max_length=30, choices=ConsentKind.choices)
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=12, default="en")
    title = models.CharField(max_length=160)
    body = models.TextField(help_text="Plain text; paragraphs are separated by blank lines")
    sha256 = models.CharField(
        max_length=64, help_text="Of the exact UTF-8 bytes shown (title, blank line, body)"
    )
    published_at = models.DateTimeField()
    valid_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="A signature expires after; null: episode"
    )
    requires_resigning = models.BooleanField(
        default=False, help_text="Signatures of earlier versions stop counting"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "kind", "language", "version"], name="enrollment_document_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"


class ConsentSignature(models.Model):
    """A patient's signature under the exact bytes of one document version. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consent_signatures")
    document = models.ForeignKey(ConsentDocument, on_delete=models.PROTECT, related_name="signatures")
    document_sha256 = models.CharField(max_length=64)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=12, default="self")
    printed_name = models.CharField(max_length=160)
    signed_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return str(self.pk)


class ConsentRevocation(models.Model):
    """The end of a signature by the person who gave it. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    signature = models.OneToOneField(ConsentSignature, on_delete=models.PROTECT, related_name="revocation")
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)

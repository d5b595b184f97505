"""Where the roster of a session stands, and the signatures under it (domain.md 3.6)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from .session import GroupSession


class SignerCapacity(models.TextChoices):
    """As whom a clinician attests."""

    OF_RECORD = "of_record", "Facilitator of record"
    COVERING = "covering", "Covering clinician"


class SignOff(models.Model):
    """A facilitator's attestation of one roster: who, as what, under which words and over which rows.

    Append-only; an amended roster is signed again with the next number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group_session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, related_name="sign_offs")
    number = models.PositiveIntegerField(help_text="1 for the first signature under the session")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=12, choices=SignerCapacity.choices)
    credential = models.CharField(max_length=40)
    statement = models.TextField(help_text="The exact words that were signed")
    authenticated_at = models.DateTimeField(help_text="When the signer proved who they are, for this")
    authentication_method = models.CharField(max_length=24)
    roster = models.JSONField(help_text="The rows that were shown: patient ids, minutes, status, corrections")
    roster_hash = models.CharField(max_length=64, help_text="SHA-256 of the canonical JSON of `roster`")
    chain_head = models.CharField(max_length=64, help_text="Hash of the session's last fact at the signing")
    signed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group_session", "number"], name="iop_sign_off_number_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)

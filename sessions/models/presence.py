"""Observed facts, the ingester's place in each journal, and who is in a room now."""

from __future__ import annotations

from datetime import UTC
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.core.hashchain import Link

from .session import GroupSession


class PresenceEvent(models.Model):
    """One fact, as observed. Append-only: the database refuses UPDATE and DELETE.

    `source_boot` and `seq` name the fact exactly once; `data` holds ids, counters and times only.
    """

    group_session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, related_name="presence_events")
    source_boot = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=24)
    at = models.DateTimeField()
    participant = models.UUIDField(null=True)
    connection = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()
    is_routine = models.BooleanField(
        default=False,
        help_text="A beat that changes nothing that is known; verified, but not read for credit",
    )
    prev_hash = models.CharField(max_length=64, help_text="Of the fact recorded before it in this session")
    row_hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source_boot", "seq"], name="iop_fact_exactly_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["group_session", "id"], name="iop_fact_by_session"),
            models.Index(
                fields=["group_session", "id"],
                name="iop_fact_to_read",
                condition=models.Q(is_routine=False),
            ),
            models.Index(
                fields=["connection", "seq"],
                name="iop_fact_routine",
                condition=models.Q(is_routine=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_boot}#{self.seq}"

    def payload(self) -> dict[str, object]:
        """Give the content the hash covers."""
        return {
            "group_session": str(self.group_session_id),
            "source_boot": self.source_boot,
            "seq": self.seq,
            "kind": str(self.kind),
            "at": self.at.astimezone(UTC).isoformat(),
            "participant": str(self.participant) if self.participant else None,
            "connection": str(self.connection) if self.connection else None,
            "data": self.data,
            "recorded_at": self.recorded_at.astimezone(UTC).isoformat(),
        }

    def link(self) -> Link:
        """Give the row as a link of the chain."""
        return Link(payload=self.payload(), prev_hash=self.prev_hash, row_hash=self.row_hash)


class FactCursor(models.Model):
    """How far a relay boot's journal has been ingested; moved in the transaction that inserts the facts."""

    source_boot = models.CharField(max_length=64, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)
    as_of = models.DateTimeField(help_text="The journal is complete up to this instant")
    is_closed = models.BooleanField(default=False, help_text="The boot is over and fully read")

    def __str__(self) -> str:
        return f"{self.source_boot}@{self.seq}"


class ParticipationState(models.TextChoices):
    """Where a person stands in a room."""

    WAITING = "WAITING", "Waiting"
    IN_ROOM = "IN_ROOM", "In the room"
    RECONNECTING = "RECONNECTING", "Reconnecting"
    LEFT = "LEFT", "Left"
    REMOVED = "REMOVED", "Removed"
    DENIED = "DENIED", "Denied"

    @property
    def is_seated(self) -> bool:
        """Say whether the person holds a seat (in the room or on the way back to it)."""
        return self in (ParticipationState.IN_ROOM, ParticipationState.RECONNECTING)


class RoomRole(models.TextChoices):
    """What a person is in a room; facilitators run it."""

    PATIENT = "patient", "Patient"
    FACILITATOR = "facilitator", "Facilitator"


class MediaState(models.TextChoices):
    """What the relay last said about the media of a seat's connection."""

    NONE = "NONE", "Nothing yet"
    LIVE = "LIVE", "Live"
    LOST = "LOST", "Lost"


class Participation(models.Model):
    """A person's current place in one room. What happened is in the facts; this row is only now.

    A report about a connection that no longer holds the seat changes nothing.
    """

    group_session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, related_name="participations")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="participations"
    )
    role = models.CharField(max_length=12, choices=RoomRole.choices)
    state = models.CharField(max_length=12, choices=ParticipationState.choices)
    state_since = models.DateTimeField()
    lobby_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(null=True)
    departed_at = models.DateTimeField(
        null=True, help_text="Last seen in the room; the bridge for coming back without admission starts here"
    )
    connection = models.UUIDField(null=True, help_text="The one connection that holds the seat")
    connection_secret_hash = models.CharField(
        max_length=64, blank=True, help_text="Of the secret that resumes it"
    )
    media_state = models.CharField(max_length=4, choices=MediaState.choices, default=MediaState.NONE)
    microphone_on = models.BooleanField(default=False)
    camera_on = models.BooleanField(default=False)
    muted_by_staff = models.BooleanField(default=False)
    stopped_at_seq = models.PositiveIntegerField(
        default=0, help_text="Number of the room event by which staff last turned something of theirs off"
    )
    screen_on = models.BooleanField(default=False)
    camera_stopped_by_staff = models.BooleanField(default=False)
    side_room = models.UUIDField(
        null=True, help_text="The facilitator whose side room this person is in; null in the group"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group_session", "user"], name="iop_participation_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def state_enum(self) -> ParticipationState:
        """Give the state as its enumeration."""
        return ParticipationState(self.state)

    @property
    def is_seated(self) -> bool:
        """Say whether the person holds a seat."""
        return self.state_enum.is_seated

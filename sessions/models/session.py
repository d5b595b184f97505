"""One scheduled meeting of a group, or of one patient with a clinician."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models

from sessions.querysets import GroupSessionQuerySet
from sessions.rules.conditions.service_types import GROUP_TYPES
from telehealth.programs.models import CreditTerms, Program, Track


class ServiceType(models.TextChoices):
    """The service catalogue (domain.md 1.2; which of them count is in `credit.md` section 3)."""

    GROUP_THERAPY = "group_therapy", "Group therapy"
    INDIVIDUAL_THERAPY = "individual_therapy", "Individual therapy"
    FAMILY_THERAPY = "family_therapy", "Family therapy"
    PSYCHOEDUCATION = "psychoeducation", "Psychoeducation"
    LIFE_SKILLS = "life_skills", "Life skills"
    RELAPSE_PREVENTION = "relapse_prevention", "Relapse prevention"
    AFTERCARE_PLANNING = "aftercare_planning", "Aftercare planning"
    DISCHARGE_MEETING = "discharge_meeting", "Discharge meeting"
    MEDICATION_MANAGEMENT = "medication_management", "Medication management"
    CASE_MANAGEMENT = "case_management", "Case management"
    PEER_SUPPORT = "peer_support", "Peer support"
    CAREER_ACADEMIC_SUPPORT = "career_academic_support", "Career and academic support"
    COMPLEMENTARY = "complementary", "Complementary"
    INTAKE_ASSESSMENT = "intake_assessment", "Intake assessment"
    ORIENTATION = "orientation", "Orientation"
    PHONE_CHECKUP = "phone_checkup", "Phone check-up"


class SessionState(models.TextChoices):
    """Where a session stands."""

    SCHEDULED = "SCHEDULED", "Scheduled"
    OPEN = "OPEN", "Open"
    ENDED = "ENDED", "Ended"
    CANCELLED = "CANCELLED", "Cancelled"

    @property
    def is_final(self) -> bool:
        """Say whether nothing follows this state."""
        return self in (SessionState.ENDED, SessionState.CANCELLED)


class RosterState(models.TextChoices):
    """How far the attendance of a session is settled (domain.md 3.6)."""

    COMPUTED = "COMPUTED", "Computed, not signed"
    ATTESTED = "ATTESTED", "Signed by the facilitator"
    LOCKED = "LOCKED", "Locked: the week is closed or was exported"
    AMENDED = "AMENDED", "Amended after the lock"

    @property
    def is_signed(self) -> bool:
        """Say whether a clinician vouches for the roster as it stands or stood."""
        return self is not RosterState.COMPUTED


LOBBY_OPENS_BEFORE = timedelta(minutes=15)


class GroupSession(models.Model):
    """A session row: its time, its frozen credit terms and where the room stands."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="group_sessions")
    series = models.ForeignKey(
        "iop.SessionSeries", on_delete=models.PROTECT, null=True, blank=True, related_name="group_sessions"
    )
    occurrence_on = models.DateField(
        null=True, blank=True, help_text="Which day of the series this is, wherever it was moved to"
    )
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, blank=True, related_name="group_sessions"
    )
    title = models.CharField(max_length=120)
    service_type = models.CharField(max_length=40, choices=ServiceType.choices)
    facilitator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="facilitated_sessions"
    )
    scheduled_start = models.DateTimeField()
    scheduled_end = models.DateTimeField()
    planned_breaks = models.JSONField(default=list, help_text="[[RFC 3339 start, end]] in UTC")
    terms = models.ForeignKey(
        CreditTerms, on_delete=models.PROTECT, related_name="+", help_text="Frozen at scheduling"
    )
    track_terms = models.ForeignKey(
        CreditTerms,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The track's own terms over the program's; frozen at scheduling",
    )
    state = models.CharField(max_length=12, choices=SessionState.choices, default=SessionState.SCHEDULED)
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    on_break_since = models.DateTimeField(null=True)
    auto_end_at = models.DateTimeField(null=True, help_text="Set while no facilitator is in the open room")
    cancel_reason = models.CharField(max_length=200, blank=True)
    is_room_locked = models.BooleanField(
        default=False, help_text="Nobody new comes in, not even to wait; who held a seat may come back"
    )
    room_seq = models.PositiveIntegerField(default=0, help_text="Number of the last room event")
    fact_seq = models.PositiveIntegerField(default=0, help_text="Number of the last fact the web side wrote")
    roster_state = models.CharField(max_length=12, choices=RosterState.choices, default=RosterState.COMPUTED)
    locked_at = models.DateTimeField(null=True, help_text="When the roster was locked")
    is_attendance_due = models.BooleanField(default=False, help_text="Facts came after the last computation")

    objects = GroupSessionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "occurrence_on"], name="iop_session_occurrence_once"),
            models.CheckConstraint(
                condition=models.Q(scheduled_end__gt=models.F("scheduled_start")),
                name="iop_session_has_length",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=SessionState.values), name="iop_session_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(roster_state__in=RosterState.values), name="iop_roster_state_known"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["program", "scheduled_start"], name="iop_session_by_start")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def state_enum(self) -> SessionState:
        """Give the state as its enumeration."""
        return SessionState(self.state)

    @property
    def roster_state_enum(self) -> RosterState:
        """Give how far the attendance is settled."""
        return RosterState(self.roster_state)

    @property
    def is_group(self) -> bool:
        """Say whether patients meet other patients here."""
        return self.service_type in GROUP_TYPES

    @property
    def break_spans(self) -> list[tuple[datetime, datetime]]:
        """Read the planned breaks."""
        return [
            (datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in self.planned_breaks
        ]

    @property
    def lobby_opens_at(self) -> datetime:
        """Give the instant from which people may wait and the session may be started."""
        return self.scheduled_start - LOBBY_OPENS_BEFORE

"""Evidence file, version 1: what was observed, and under which terms it is to be credited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.conditions.terms import Overrides
from sessions.rules.time.instants import Instant
from sessions.rules.time.intervals import Intervals

VERSION = 1


@dataclass(frozen=True, slots=True)
class FacilitatorEvidence:
    """A clinician's presence in one session."""

    id: str
    presence: Intervals


@dataclass(frozen=True, slots=True)
class PatientEvidence:
    """A patient's presence in one session."""

    id: str
    lobby_at: Instant | None
    presence: Intervals
    audio_only: Intervals
    camera_off: Intervals


@dataclass(frozen=True, slots=True)
class SessionEvidence:
    """One session as the file gives it, not yet cut at `as_of`."""

    id: str
    service_type: ServiceType
    scheduled_start: Instant
    scheduled_end: Instant
    opened_at: Instant | None
    ended_at: Instant | None
    cancelled_by_program: bool
    overrides: Overrides
    breaks: Intervals
    incidents: Intervals
    facilitators: tuple[FacilitatorEvidence, ...]
    patients: tuple[PatientEvidence, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Weekly minutes prescribed from a date on."""

    starts_on: date
    minutes: int


@dataclass(frozen=True, slots=True)
class EnrollmentEvidence:
    """A patient's enrollment: dated weekly targets, first and last day (both included), own terms."""

    patient: str
    targets: tuple[Target, ...]
    admitted_on: date
    discharged_on: date | None
    expected_rate: Decimal | None
    overrides: Overrides


@dataclass(frozen=True, slots=True)
class Evidence:
    """A whole evidence file, checked."""

    as_of: Instant
    program_tz: ZoneInfo
    overrides: Overrides
    sessions: tuple[SessionEvidence, ...]
    enrollments: tuple[EnrollmentEvidence, ...]

    def enrollment_overrides(self) -> Mapping[str, Overrides]:
        """Give each enrolled patient's own terms."""
        return {enrollment.patient: enrollment.overrides for enrollment in self.enrollments}

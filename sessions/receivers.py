"""Listen to the apps below: a patient's agreements and enrollment matter in rooms that are open now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sessions import events as own_events
from sessions.models import Participation, ParticipationState, SessionState
from sessions.services import room
from sessions.services.signing.signoff import reopen_if_changed
from telehealth.core import clock
from telehealth.enrollment import events
from telehealth.enrollment.models import ConsentKind


def connect() -> None:
    """Connect everything once, when the apps are ready."""
    events.consent_revoked.connect(stop_credit, dispatch_uid="sessions.consent_revoked")
    own_events.attendance_changed.connect(look_at_signature, dispatch_uid="sessions.attendance_changed")
    events.enrollment_changed.connect(end_seats, dispatch_uid="sessions.enrollment_changed")


# Any: signals carry their sender and more than a receiver asks for.
def stop_credit(*, user_id: UUID, program_id: UUID, kind: str, at: datetime, **_: Any) -> None:
    """Witness in every open room of the program that the person in it took a consent back."""
    seats = Participation.objects.filter(
        user=user_id,
        state__in=[ParticipationState.IN_ROOM, ParticipationState.RECONNECTING],
        group_session__program=program_id,
        group_session__state=SessionState.OPEN,
    ).select_related("group_session")
    for seat in seats:
        if kind != ConsentKind.GROUP_CONFIDENTIALITY or seat.group_session.is_group:
            room.revoke_consent(group_session_id=seat.group_session_id, participant=user_id, at=at)


def end_seats(
    *, user_id: UUID, program_id: UUID, in_treatment: bool, changed_by: UUID, at: datetime, **_: Any
) -> None:
    """Let a patient who was discharged or put on hold leave the rooms of the program."""
    if in_treatment:
        return
    seats = Participation.objects.filter(
        user=user_id,
        state__in=[
            ParticipationState.WAITING,
            ParticipationState.IN_ROOM,
            ParticipationState.RECONNECTING,
        ],
        group_session__program=program_id,
        group_session__state__in=[SessionState.SCHEDULED, SessionState.OPEN],
    )
    for group_session_id in seats.values_list("group_session_id", flat=True):
        room.end_seat(group_session_id=group_session_id, participant=user_id, by=changed_by, at=at)


def look_at_signature(*, group_session_id: UUID, **_: Any) -> None:
    """Take the force of a signature away whose rows have changed; most computations find none."""
    reopen_if_changed(group_session_id=group_session_id, at=clock.now())

"""Listen to the apps below: what happens to a patient's agreements matters in rooms that are open now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sessions.models import Participation, ParticipationState, SessionState
from sessions.services import room
from telehealth.enrollment import events
from telehealth.enrollment.models import ConsentKind


def connect() -> None:
    """Connect everything once, when the apps are ready."""
    events.consent_revoked.connect(stop_credit, dispatch_uid="sessions.consent_revoked")


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

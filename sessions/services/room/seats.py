"""Keep, lose and give up a place.

Reports about a connection that no longer holds the place change nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions import events
from sessions.models import MediaState, Participation, ParticipationState, SessionState
from sessions.policies import can_share_screen
from sessions.rules.presence.facts import FactKind
from sessions.services.room_edit import RoomEdit, edit_room
from telehealth.accounts.models import User
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict


def set_media(
    *,
    actor: User,
    group_session_id: UUID,
    connection: UUID,
    microphone: bool,
    camera: bool,
    at: datetime,
    screen: bool = False,
    seen: int | None = None,
) -> None:
    """Say what the person wants to send; turning something on ends its having been stopped by staff.

    What others turned off stays off if the page had not `seen` it yet: its word was from before. One screen
    is shown at a time where the person is: the newest takes the place of the one before.
    """
    with edit_room(group_session_id, at=at) as edit:
        person = edit.holder(actor.pk, connection)
        if person is None:
            raise Conflict("not_joined", "You are not in this room from here.", "Join again.")
        if seen is not None and seen < person.stopped_at_seq:
            microphone = microphone and not person.muted_by_staff
            camera = camera and not person.camera_stopped_by_staff
            screen = screen and person.screen_on
        if screen:
            can_share_screen(person).require()
        if screen and not person.screen_on:
            for other in edit.people.values():
                if other.screen_on and other.side_room == person.side_room:
                    other.screen_on = False
                    edit.note_stop(other)
        person.microphone_on, person.camera_on, person.screen_on = microphone, camera, screen
        person.muted_by_staff = person.muted_by_staff and not microphone
        person.camera_stopped_by_staff = person.camera_stopped_by_staff and not camera


def leave(*, actor: User, group_session_id: UUID, connection: UUID, at: datetime) -> bool:
    """Leave on purpose; False if this connection held no place any more."""
    with edit_room(group_session_id, at=at) as edit:
        person = edit.holder(actor.pk, connection)
        if person is None:
            return False
        release_seat(edit, person, reason="left")
        edit.fact(FactKind.LEFT, actor.pk)
        edit.audit(AuditAction.PARTICIPANT_LEFT, actor)
        return True


def leave_other_rooms(*, actor: User, group_session_id: UUID, take_over: bool, at: datetime) -> None:
    """Keep a patient in one live room at a time; holds no row when it returns."""
    others = Participation.objects.filter(
        user=actor,
        state__in=[ParticipationState.IN_ROOM, ParticipationState.RECONNECTING],
        connection__isnull=False,
        group_session__state=SessionState.OPEN,
    ).exclude(group_session=group_session_id)
    for other in others:
        if other.state == ParticipationState.IN_ROOM and not take_over:
            raise Conflict(
                "opened_elsewhere",
                "You are in another session at the moment.",
                "Continue here, and you leave the other one.",
            )
        if other.connection is not None:
            leave(actor=actor, group_session_id=other.group_session_id, connection=other.connection, at=at)


def mark_reconnecting(*, group_session_id: UUID, participant: UUID, connection: UUID, at: datetime) -> bool:
    """Note that neither socket nor media of a seat is seen any more; True if that was news."""
    with edit_room(group_session_id, at=at) as edit:
        person = edit.holder(participant, connection)
        if person is None or person.state != ParticipationState.IN_ROOM:
            return False
        lose_sight(edit, person, seen_at=at)
        return True


def mark_back(*, group_session_id: UUID, participant: UUID, connection: UUID, at: datetime) -> bool:
    """Note that a seat is seen again.

    While the relay says its media is lost, a socket alone brings nobody back.
    """
    with edit_room(group_session_id, at=at) as edit:
        person = edit.holder(participant, connection)
        if (
            person is None
            or person.state != ParticipationState.RECONNECTING
            or person.media_state == MediaState.LOST
        ):
            return False
        edit.move(person, ParticipationState.IN_ROOM)
        return True


def mark_left(*, group_session_id: UUID, participant: UUID, connection: UUID, at: datetime) -> bool:
    """Give up the place of somebody who has vanished from the waiting room, or from the room for good."""
    with edit_room(group_session_id, at=at) as edit:
        person = edit.holder(participant, connection)
        if person is None:
            return False
        release_seat(edit, person, reason="timeout")
        return True


def revoke_consent(*, group_session_id: UUID, participant: UUID, at: datetime) -> bool:
    """Witness that a person in the room took a consent back.

    Credit stops now; whether the person stays is for the facilitator to say.
    """
    with edit_room(group_session_id, at=at) as edit:
        person = edit.people.get(participant)
        if person is None or not person.is_seated or person.admitted_at is None:
            return False
        # The next join asks the gate and, once it opens again, needs a new admission.
        person.admitted_at = None
        edit.fact(FactKind.CONSENT_REVOKED, participant)
        return True


def end_seat(*, group_session_id: UUID, participant: UUID, by: UUID, at: datetime) -> bool:
    """End the place of a patient whose enrollment no longer allows sessions; False if they hold none.

    Presence ends now, as with somebody whom staff removed. The gate denies the next join, and whoever is let
    in again later needs a new admission once the bridge has lapsed.
    """
    with edit_room(group_session_id, at=at) as edit:
        person = edit.people.get(participant)
        if person is None or not (person.is_seated or person.state == ParticipationState.WAITING):
            return False
        if person.is_seated:
            edit.fact(FactKind.REMOVED, participant, {"by": str(by)})
        connection = edit.vacate(person, ParticipationState.LEFT)
        events.participant_removed.send_on_commit(
            group_session_id=group_session_id, participant=participant, connection=connection
        )
        return True


def lose_sight(edit: RoomEdit, person: Participation, *, seen_at: datetime) -> None:
    """Keep the seat of somebody who is gone without having said so."""
    person.departed_at = seen_at
    edit.move(person, ParticipationState.RECONNECTING)


def release_seat(edit: RoomEdit, person: Participation, *, reason: str) -> None:
    """Empty the place and have its connection closed."""
    connection = edit.vacate(person, ParticipationState.LEFT)
    if connection is not None:
        events.connection_released.send_on_commit(
            group_session_id=edit.group_session.pk,
            participant=person.user_id,
            connection=connection,
            reason=reason,
        )

"""Put a patient on the roster of a session that makes up for a missed one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions.models import RosterEntry, SessionState
from sessions.policies import can_edit_session
from sessions.rules.conditions.service_types import COUNTING_TYPES
from sessions.selectors.weekly.make_ups import missed_places, places_left
from sessions.services.room_edit import RoomEdit, edit_room
from sessions.services.scheduling.roster import put_on
from telehealth.accounts.models import User
from telehealth.audit.actions import AuditAction
from telehealth.core.decision import Decision
from telehealth.core.errors import Conflict
from telehealth.enrollment.gates import JoinGateFacts, join_gate
from telehealth.enrollment.models import Patient
from telehealth.enrollment.selectors import agreement_standings, enrollment_in_force


def add_make_up(
    *,
    actor: User,
    group_session_id: UUID,
    patient: Patient,
    missed_entry_id: int | None,
    at: datetime,
) -> RosterEntry:
    """Expect a patient in a session that has not begun, in place of one they missed.

    Without a missed place it is a session more than planned. Credit stays where it is earned.
    """
    with edit_room(group_session_id, at=at) as edit:
        group_session = edit.group_session
        can_edit_session(actor, group_session, at=at).require()
        if group_session.state != SessionState.SCHEDULED or group_session.scheduled_start <= at:
            raise Conflict("already_begun", "This session has begun. Choose one that is still to come.")
        if group_session.service_type not in COUNTING_TYPES:
            raise Conflict("does_not_count", "This kind of session does not count toward the weekly hours.")
        if places_left(group_session) < 1:
            raise Conflict("group_full", "This group is full. Choose another session.")
        if not _gate(edit, patient):
            raise Conflict(
                "cannot_join",
                "The patient could not join this session: the enrollment or an agreement is not in force.",
                "See the patient's page for what is missing.",
            )
        missed = _missed(edit, patient, missed_entry_id)
        entry = put_on(edit, patient, actor=actor, makes_up=missed)
        if entry is None:
            raise Conflict("already_on_roster", "This patient is on the roster already.")
        edit.audit(
            AuditAction.MAKE_UP_ADDED,
            actor,
            patient=str(patient.pk),
            makes_up=None if missed is None else str(missed.group_session_id),
        )
        return entry


def _gate(edit: RoomEdit, patient: Patient) -> Decision:
    """Ask the join gate as it would answer on the day of the session, by what is signed now."""
    group_session = edit.group_session
    program = group_session.program
    standings = agreement_standings(patient, program, edit.at)
    return join_gate(
        JoinGateFacts(
            enrollment_in_force=enrollment_in_force(patient, program, group_session.scheduled_start)
            is not None,
            on_roster=True,
            is_group=group_session.is_group,
            agreements={kind: found.state for kind, found in standings.items()},
        )
    )


def _missed(edit: RoomEdit, patient: Patient, entry_id: int | None) -> RosterEntry | None:
    if entry_id is None:
        return None
    known = missed_places(edit.group_session.program, [patient.pk], edit.at)[patient.pk]
    place = next((one for one in known if one.entry_id == entry_id), None)
    if place is None:
        raise Conflict(
            "nothing_to_make_up", "This missed session has been made up, or lies too far back, meanwhile."
        )
    if not place.is_made_up_by(edit.group_session.scheduled_start):
        raise Conflict(
            "outside_window", "A make-up begins at most seven days after the session it stands for."
        )
    return RosterEntry.objects.get(pk=place.entry_id)

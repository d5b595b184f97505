"""Put patients on rosters and take them off."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sessions import events
from sessions.models import (
    GroupSession,
    Participation,
    ParticipationState,
    RosterEntry,
    SeriesMember,
    SessionSeries,
    SessionState,
)
from sessions.policies import can_edit_series, can_edit_session
from sessions.rules.presence.facts import FactKind
from sessions.services.room_edit import RoomEdit, edit_room
from sessions.services.scheduling.planning import refuse_overlap
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, NotFound
from telehealth.core.locking import lock
from telehealth.enrollment.models import Patient
from telehealth.enrollment.selectors import patients_in
from telehealth.programs.models import Program


def add_to_roster(*, actor: User, group_session: GroupSession, patient: Patient, at: datetime) -> RosterEntry:
    """Expect a patient in a session that is not over."""
    with edit_room(group_session.pk, at=at) as edit:
        can_edit_session(actor, edit.group_session, at=at).require()
        _require_not_over(edit.group_session)
        _require_patient_of(edit.group_session.program, patient, at)
        entry = put_on(edit, patient, actor=actor)
        if entry is None:
            raise Conflict("already_on_roster", "This patient is on the roster already.")
        return entry


def take_off_roster(*, actor: User, group_session: GroupSession, patient: Patient, at: datetime) -> None:
    """No longer expect a patient.

    Somebody who was in the room stays in its evidence, and leaves the room now.
    """
    with edit_room(group_session.pk, at=at) as edit:
        can_edit_session(actor, edit.group_session, at=at).require()
        _require_not_over(edit.group_session)
        if not _take_off(edit, patient, actor):
            raise NotFound("not_on_roster", "This patient is not on the roster.")


def add_to_series(*, actor: User, series: SessionSeries, patient: Patient, at: datetime) -> int:
    """Expect a patient in every session of a series still to come, now and when more are generated.

    Gives the number of rosters that changed; one session that runs into another of the patient's refuses them
    all.
    """
    with transaction.atomic():
        series, edits = _take_series(actor, series, at)
        _require_patient_of(series.program, patient, at)
        SeriesMember.objects.update_or_create(series=series, patient=patient, defaults={"removed_at": None})
        changed = [edit for edit in edits if put_on(edit, patient, actor=actor) is not None]
        _finish(actor, series, patient, changed, AuditAction.ROSTER_ADDED, at)
    return len(changed)


def take_off_series(*, actor: User, series: SessionSeries, patient: Patient, at: datetime) -> int:
    """No longer expect a patient in the rest of a series; gives the number of rosters that changed."""
    with transaction.atomic():
        series, edits = _take_series(actor, series, at)
        if not SeriesMember.objects.filter(series=series, patient=patient, removed_at=None).update(
            removed_at=at
        ):
            raise NotFound("not_in_series", "This patient is not in the series.")
        changed = [edit for edit in edits if _take_off(edit, patient, actor)]
        _finish(actor, series, patient, changed, AuditAction.ROSTER_REMOVED, at)
    return len(changed)


def _take_series(actor: User, series: SessionSeries, at: datetime) -> tuple[SessionSeries, list[RoomEdit]]:
    """Hold the series and all of it still to come, before anything goes into the audit trail."""
    series = lock(SessionSeries.objects.select_related("program"), series.pk)
    can_edit_series(actor, series, at=at).require()
    ahead = GroupSession.objects.filter(series=series, state=SessionState.SCHEDULED, scheduled_end__gt=at)
    pks = list(ahead.order_by("pk").values_list("pk", flat=True))
    return series, [RoomEdit.take(pk, at=at) for pk in pks]


def _finish(
    actor: User,
    series: SessionSeries,
    patient: Patient,
    changed: list[RoomEdit],
    action: AuditAction,
    at: datetime,
) -> None:
    for edit in changed:
        edit.flush()
    audit.record(
        action,
        actor=actor,
        subject=series,
        at=at,
        data={"patient": str(patient.pk), "sessions": len(changed)},
    )


def put_on(
    edit: RoomEdit, patient: Patient, *, actor: User, makes_up: RosterEntry | None = None
) -> RosterEntry | None:
    """Put the patient on the roster of a session that is held; None if they stand there already.

    Who was taken off and comes back takes a new place: it makes up for what is said now, or for nothing.
    """
    group_session = edit.group_session
    entry = RosterEntry.objects.filter(group_session=group_session, patient=patient).first()
    if entry is not None and entry.removed_at is None:
        return None
    refuse_overlap(
        start=group_session.scheduled_start,
        end=group_session.scheduled_end,
        facilitator_id=None,
        patient_ids=[patient.pk],
        besides=group_session,
    )
    entry = entry or RosterEntry(group_session=group_session, patient=patient)
    entry.added_by, entry.added_at, entry.removed_at, entry.makes_up = actor, edit.at, None, makes_up
    entry.save()
    edit.group_session.is_attendance_due = True
    edit.audit(AuditAction.ROSTER_ADDED, actor, patient=str(patient.pk))
    return entry


def _take_off(edit: RoomEdit, patient: Patient, actor: User) -> bool:
    entries = RosterEntry.objects.current().filter(group_session=edit.group_session, patient=patient)
    if not entries.update(removed_at=edit.at):
        return False
    person = edit.people.get(patient.user_id)
    if person is not None and _is_here(person):
        if person.is_seated:
            edit.fact(FactKind.REMOVED, person.user_id, {"by": str(actor.pk)})
        connection = edit.vacate(person, ParticipationState.LEFT)
        events.participant_removed.send_on_commit(
            group_session_id=edit.group_session.pk, participant=person.user_id, connection=connection
        )
    edit.group_session.is_attendance_due = True
    edit.audit(AuditAction.ROSTER_REMOVED, actor, patient=str(patient.pk))
    return True


def _is_here(person: Participation) -> bool:
    return person.is_seated or person.state == ParticipationState.WAITING


def _require_not_over(group_session: GroupSession) -> None:
    if group_session.state_enum.is_final:
        raise Conflict("ended", "The roster of a session that is over stays as it is.")


def _require_patient_of(program: Program, patient: Patient, at: datetime) -> None:
    if patient.pk not in {one.pk for one in patients_in(program, at)}:
        raise Conflict("not_enrolled", "This patient has no open enrollment in the program.")

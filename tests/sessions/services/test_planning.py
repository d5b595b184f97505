"""Planning: single sessions, series by wall clock, moving, cancelling, rosters."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sessions import events
from sessions.models import (
    GroupSession,
    ParticipationState,
    PresenceEvent,
    RosterEntry,
    ServiceType,
    SessionSeries,
    SessionState,
)
from sessions.services import room
from sessions.services.scheduling import roster, schedule
from sessions.terms import require_known_terms
from telehealth.core.errors import Conflict, Denied, DomainError, NotFound
from telehealth.programs.services import set_credit_terms
from tests.cast import Cast
from tests.factories import fresh, heard, join, open_with, place_of

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)


def series(cast: Cast, **changes: Any) -> SessionSeries:
    """Make a Tuesday and Thursday group over the change to summer time on 2026-03-08."""
    rule: dict[str, Any] = {
        "actor": cast.admin,
        "program": cast.program,
        "title": "Evening group",
        "service_type": ServiceType.GROUP_THERAPY,
        "facilitator": cast.covering_therapist,
        "weekdays": [1, 3],
        "starts_at": time(18, 0),
        "duration_min": 195,
        "breaks": [(90, 15)],
        "starts_on": date(2026, 3, 5),
        "until_on": date(2026, 3, 12),
        "patients": [cast.record_of(cast.patient)],
        "at": cast.at,
    }
    return schedule.create_series(**(rule | changes))


def plan(cast: Cast, start: datetime, **changes: Any) -> GroupSession:
    rule: dict[str, Any] = {
        "actor": cast.admin,
        "program": cast.program,
        "title": "Skills",
        "service_type": ServiceType.LIFE_SKILLS,
        "facilitator": cast.covering_therapist,
        "start": start,
        "end": start + HOUR,
        "patients": [],
        "at": cast.at,
    }
    return schedule.create_session(**(rule | changes))


def test_a_series_meets_at_the_same_wall_clock_time_across_the_clock_change(cast: Cast) -> None:
    made = list(GroupSession.objects.filter(series=series(cast)).order_by("scheduled_start"))
    assert [one.occurrence_on.isoformat() for one in made if one.occurrence_on] == [
        "2026-03-05",
        "2026-03-10",
        "2026-03-12",
    ]
    for one in made:
        local = one.scheduled_start.astimezone(NEW_YORK)
        assert (local.hour, local.minute) == (18, 0)
        begin, end = one.break_spans[0]
        assert begin - one.scheduled_start == timedelta(minutes=90)
        assert end - begin == timedelta(minutes=15)
    assert made[0].scheduled_start == datetime(2026, 3, 5, 23, tzinfo=UTC)
    assert made[1].scheduled_start == datetime(2026, 3, 10, 22, tzinfo=UTC)
    assert RosterEntry.objects.filter(group_session__in=made, patient__user=cast.patient).count() == 3


def test_generating_again_makes_nothing_twice_and_leaves_moved_and_cancelled_ones_alone(cast: Cast) -> None:
    one = series(cast)
    first, second, third = GroupSession.objects.filter(series=one).order_by("scheduled_start")
    schedule.move_session(
        actor=cast.admin,
        group_session_id=first.pk,
        start=first.scheduled_start + 24 * HOUR,
        end=first.scheduled_end + 24 * HOUR,
        at=cast.at,
    )
    schedule.cancel_session(actor=cast.admin, group_session_id=second.pk, reason="Storm", at=cast.at)
    assert schedule.generate_sessions(actor=cast.admin, series=one, at=cast.at) == []
    SessionSeries.objects.filter(pk=one.pk).update(until_on=date(2026, 3, 17))
    made = schedule.generate_sessions(actor=cast.admin, series=one, at=cast.at)
    assert [each.occurrence_on for each in made] == [date(2026, 3, 17)]
    assert third.pk not in {each.pk for each in made}


def test_sessions_are_frozen_with_the_terms_of_their_own_date(cast: Cast) -> None:
    later = set_credit_terms(
        actor=cast.admin,
        program=cast.program,
        name="Spring",
        effective_on=date(2026, 3, 10),
        parameters={"min_credit_min": 20},
        validate=require_known_terms,
        at=cast.at,
    )
    first, second, _ = GroupSession.objects.filter(series=series(cast)).order_by("scheduled_start")
    assert first.terms_id != later.pk
    assert second.terms_id == later.pk


def test_credit_terms_must_be_known_names_with_possible_values() -> None:
    require_known_terms({"min_presence_ratio": "0.8", "weekly_min_days": 2})
    for wrong in ({"generosity": 3}, {"min_credit_min": "ten"}, {"week_start": "MON"}):
        with pytest.raises(DomainError):
            require_known_terms(wrong)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"until_on": date(2026, 3, 4)}, "empty_series"),
        ({"weekdays": [6], "until_on": date(2026, 3, 6)}, "empty_series"),
        ({"weekdays": [7]}, "bad_rule"),
        ({"weekdays": []}, "bad_rule"),
        ({"breaks": [(190, 15)]}, "bad_rule"),
        ({"weekdays": list(range(7)), "until_on": date(2028, 1, 1)}, "series_too_long"),
    ],
)
def test_a_series_that_cannot_be_followed_is_refused(cast: Cast, changes: dict[str, Any], error: str) -> None:
    with pytest.raises(DomainError) as refusal:
        series(cast, **changes)
    assert refusal.value.error == error
    assert not SessionSeries.objects.exists()


@pytest.mark.parametrize("who", ["patient", "therapist", "case_manager", "auditor", "other_therapist"])
def test_only_the_programs_administrators_plan(cast: Cast, who: str) -> None:
    with pytest.raises(Denied):
        series(cast, actor=getattr(cast, who))
    with pytest.raises(Denied):
        plan(cast, cast.at + 24 * HOUR, actor=getattr(cast, who))


@pytest.mark.parametrize("who", ["case_manager", "other_therapist", "patient", "admin"])
def test_only_therapists_of_the_program_can_lead(cast: Cast, who: str) -> None:
    with pytest.raises(Denied) as refusal:
        plan(cast, cast.at + 24 * HOUR, facilitator=getattr(cast, who))
    assert refusal.value.error == "facilitator_not_qualified"


def test_nobody_is_planned_into_two_sessions_at_one_time(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    with pytest.raises(Conflict) as leader:
        plan(cast, start, facilitator=cast.therapist)
    assert leader.value.error == "facilitator_busy"
    with pytest.raises(Conflict) as patient:
        plan(cast, start, patients=[cast.record_of(cast.patient)])
    assert patient.value.error == "patient_busy"
    plan(cast, cast.group_session.scheduled_end, facilitator=cast.therapist)


def test_a_cancelled_session_occupies_nobody(cast: Cast) -> None:
    schedule.cancel_session(
        actor=cast.admin, group_session_id=cast.group_session.pk, reason="Storm", at=cast.at
    )
    plan(cast, cast.group_session.scheduled_start, facilitator=cast.therapist)


def test_moving_keeps_the_planned_breaks_at_their_distance_and_tells_the_room(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    start = cast.at + 24 * HOUR
    one = plan(cast, start, end=start + 2 * HOUR, breaks=[(start + HOUR, start + HOUR * 1.25)])
    target = start + 48 * HOUR
    with heard(events.room_changed) as changed, django_capture_on_commit_callbacks(execute=True):
        moved = schedule.move_session(
            actor=cast.covering_therapist,
            group_session_id=one.pk,
            start=target,
            end=target + 2 * HOUR,
            at=cast.at,
        )
    assert moved.break_spans == [(target + HOUR, target + HOUR * 1.25)]
    assert [change["kind"] for change in changed[0]["changes"]] == ["session"]


def test_a_move_that_runs_into_another_session_changes_nothing(cast: Cast) -> None:
    one = plan(cast, cast.at + 24 * HOUR, patients=[cast.record_of(cast.patient)])
    start = cast.group_session.scheduled_start
    with pytest.raises(Conflict) as refusal:
        schedule.move_session(
            actor=cast.admin, group_session_id=one.pk, start=start, end=start + HOUR, at=cast.at
        )
    assert refusal.value.error == "patient_busy"
    assert fresh(one).scheduled_start == one.scheduled_start


def test_what_has_begun_is_neither_moved_nor_cancelled(cast: Cast) -> None:
    open_with(cast, at=cast.at)
    pk, later = cast.group_session.pk, cast.at + 24 * HOUR
    with pytest.raises(Conflict):
        schedule.move_session(
            actor=cast.admin, group_session_id=pk, start=later, end=later + HOUR, at=cast.at
        )
    with pytest.raises(Conflict):
        schedule.cancel_session(actor=cast.admin, group_session_id=pk, reason="Storm", at=cast.at)


@pytest.mark.parametrize("who", ["patient", "covering_therapist", "case_manager", "auditor"])
def test_others_neither_move_nor_cancel_nor_edit_the_roster(cast: Cast, who: str) -> None:
    actor, pk, later = getattr(cast, who), cast.group_session.pk, cast.at + 24 * HOUR
    record = cast.record_of(cast.patient)
    with pytest.raises(Denied):
        schedule.move_session(actor=actor, group_session_id=pk, start=later, end=later + HOUR, at=cast.at)
    with pytest.raises(Denied):
        schedule.cancel_session(actor=actor, group_session_id=pk, reason="Storm", at=cast.at)
    with pytest.raises(Denied):
        roster.take_off_roster(actor=actor, group_session=cast.group_session, patient=record, at=cast.at)


def test_a_cancellation_needs_a_reason_and_sends_the_waiting_home(cast: Cast) -> None:
    join(cast, cast.patient, cast.at)
    pk = cast.group_session.pk
    with pytest.raises(Conflict):
        schedule.cancel_session(actor=cast.admin, group_session_id=pk, reason="  ", at=cast.at)
    schedule.cancel_session(actor=cast.admin, group_session_id=pk, reason="Storm", at=cast.at)
    assert fresh(cast.group_session).state == SessionState.CANCELLED
    assert place_of(cast, cast.patient).state == ParticipationState.LEFT
    assert PresenceEvent.objects.get(kind="ended").data == {"reason": "cancelled"}


def test_a_roster_is_edited_until_the_end(cast: Cast) -> None:
    guest, group = cast.record_of(cast.patient_off_roster), cast.group_session
    roster.add_to_roster(actor=cast.admin, group_session=group, patient=guest, at=cast.at)
    assert join(cast, cast.patient_off_roster, cast.at).state is ParticipationState.WAITING
    with pytest.raises(Conflict) as twice:
        roster.add_to_roster(actor=cast.admin, group_session=group, patient=guest, at=cast.at)
    assert twice.value.error == "already_on_roster"
    roster.take_off_roster(actor=cast.admin, group_session=group, patient=guest, at=cast.at)
    assert place_of(cast, cast.patient_off_roster).state == ParticipationState.LEFT
    with pytest.raises(NotFound):
        roster.take_off_roster(actor=cast.admin, group_session=group, patient=guest, at=cast.at)
    roster.add_to_roster(actor=cast.admin, group_session=group, patient=guest, at=cast.at)
    open_with(cast, at=cast.at)
    room.end_session(actor=cast.therapist, group_session_id=group.pk, at=cast.at)
    with pytest.raises(Conflict):
        roster.take_off_roster(actor=cast.admin, group_session=group, patient=guest, at=cast.at)


def test_only_people_enrolled_in_the_program_are_put_on_a_roster(cast: Cast) -> None:
    with pytest.raises(Conflict) as refusal:
        roster.add_to_roster(
            actor=cast.admin,
            group_session=cast.group_session,
            patient=cast.record_of(cast.other_patient),
            at=cast.at,
        )
    assert refusal.value.error == "not_enrolled"


def test_joining_and_leaving_a_series_changes_what_is_still_to_come(cast: Cast) -> None:
    one, guest = series(cast), cast.record_of(cast.patient_off_roster)
    assert roster.add_to_series(actor=cast.admin, series=one, patient=guest, at=cast.at) == 3
    later = datetime(2026, 3, 9, tzinfo=UTC)
    assert roster.take_off_series(actor=cast.admin, series=one, patient=guest, at=later) == 2
    assert RosterEntry.objects.current().filter(patient=guest).count() == 1
    SessionSeries.objects.filter(pk=one.pk).update(until_on=date(2026, 3, 17))
    made = schedule.generate_sessions(actor=cast.admin, series=one, at=later)
    assert not RosterEntry.objects.filter(group_session__in=made, patient=guest).exists()
    with pytest.raises(NotFound):
        roster.take_off_series(actor=cast.admin, series=one, patient=guest, at=later)


def test_a_series_that_runs_into_one_session_of_a_patient_is_refused_whole(cast: Cast) -> None:
    one, guest = series(cast), cast.record_of(cast.patient_off_roster)
    busy = GroupSession.objects.filter(series=one).order_by("-scheduled_start")[0]
    plan(cast, busy.scheduled_start, facilitator=cast.therapist, patients=[guest])
    with pytest.raises(Conflict):
        roster.add_to_series(actor=cast.admin, series=one, patient=guest, at=cast.at)
    assert not RosterEntry.objects.filter(group_session__series=one, patient=guest).exists()

"""What the homes, the lists and the audit show, and that their queries do not grow with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions.models import AttendanceRecord, ParticipationState, ServiceType, SessionState
from sessions.selectors import (
    SessionFilters,
    live_roster,
    minutes_so_far,
    patient_home,
    series_detail,
    session_audit,
    session_detail,
    session_list,
    therapist_home,
)
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling import schedule
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from tests.cast import Cast
from tests.factories import Relay, fresh, join, open_with

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def hold(cast: Cast, *, left_after: int = 150) -> datetime:
    """Hold the group for three hours; the patient has a short drop at 60 min and leaves early."""
    start = cast.group_session.scheduled_start
    other = cast.more_patients[0]
    entries = open_with(cast, cast.patient, other, at=start)
    relay, end = Relay(), start + 180 * MINUTE
    for person in (cast.therapist, other):
        relay.present(cast.group_session, person, entries[person].connection, start, end, reason="ended")
    relay.present(
        cast.group_session, cast.patient, entries[cast.patient].connection, start, start + 60 * MINUTE
    )
    relay.present(
        cast.group_session, cast.patient, uuid.uuid4(), start + 61 * MINUTE, start + left_after * MINUTE
    )
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=end)
    attendance.recompute(cast.group_session.pk, at=end)
    return end + MINUTE


def evening_series(cast: Cast, weeks: int) -> None:
    schedule.create_series(
        actor=cast.admin,
        program=cast.program,
        title="Evening group",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.covering_therapist,
        weekdays=[0, 2, 4],
        starts_at=time(18, 0),
        duration_min=60,
        starts_on=date(2026, 3, 4),
        until_on=date(2026, 3, 4) + timedelta(weeks=weeks),
        patients=[cast.record_of(person) for person in (cast.patient, *cast.more_patients)],
        at=cast.at,
    )


def queries(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        read()
    return len(seen)


def test_a_patient_sees_what_to_join_and_where_the_week_stands(cast: Cast) -> None:
    evening_series(cast, weeks=1)
    home = patient_home(cast.patient, cast.at)
    assert home.next is not None
    assert (home.next.id, home.next.is_lobby_open) == (cast.group_session.pk, True)
    assert [card.title for card in home.today] == ["Morning group", "Evening group"]
    assert home.past == ()
    week = home.weeks[0]
    assert week.row is not None
    assert (week.row.target_min, week.row.hours_min, week.row.remaining_min) == (540, 0, 300)
    assert (str(week.row.flag), week.row.deficit_min) == ("SHORTFALL_CERTAIN", 240)
    assert [bar.ahead_min for bar in week.days] == [0, 0, 0, 240, 0, 60, 0]


def test_a_past_session_explains_its_minutes(cast: Cast) -> None:
    at = hold(cast)
    home = patient_home(cast.patient, at)
    past = home.past[0]
    assert past.outcome is not None
    assert (past.outcome.minutes, past.outcome.is_corrected, past.outcome.is_final) == (150, False, True)
    assert past.outcome.strip.words == (
        "In the room 10:10 AM to 12:40 PM. 150 of 180 minutes count. Not counted: 30 min after leaving."
        " Counted although the connection dropped: 1 min."
    )
    assert past.why == ()


def test_a_day_that_is_over_shows_what_counts_and_what_was_missed(cast: Cast) -> None:
    at = hold(cast)
    evening_series(cast, weeks=1)
    days = patient_home(cast.patient, at).weeks[0].days
    assert (days[3].credited_min, days[3].missed_min, days[3].ahead_min) == (150, 30, 60)
    assert (days[5].credited_min, days[5].missed_min, days[5].ahead_min) == (0, 0, 60)


def test_a_session_that_was_never_held_was_missed_by_nobody(cast: Cast) -> None:
    days = patient_home(cast.patient, cast.group_session.scheduled_end).weeks[0].days
    assert [(bar.missed_min, bar.ahead_min) for bar in days] == [(0, 0)] * 7


def test_corrected_minutes_stand_on_the_home_and_the_observed_ones_are_said(cast: Cast) -> None:
    at = hold(cast)
    AttendanceRecord.objects.filter(patient__user=cast.patient).update(
        adjusted_min=165, adjusted_hours_min=165
    )
    home = patient_home(cast.patient, at)
    assert home.past[0].outcome is not None
    assert (home.past[0].outcome.minutes, home.past_weeks[0].hours_min) == (165, 165)
    assert "165 minutes count by a correction; 150 of 180 were observed." in home.past[0].outcome.strip.words
    assert home.weeks[0].days[3].credited_min == 165


def test_too_short_a_stay_is_explained_by_the_minutes_a_session_needs(cast: Cast) -> None:
    at = hold(cast)
    AttendanceRecord.objects.filter(patient__user=cast.patient).update(
        qualified_seconds=600, credited_min=0, status="NO_CREDIT"
    )
    assert (
        "A session counts from 15 minutes on, so this one counts 0."
        in patient_home(cast.patient, at).past[0].why
    )


def test_cancelled_and_never_held_sessions_do_not_count_against_anybody(cast: Cast) -> None:
    after = cast.group_session.scheduled_end
    assert patient_home(cast.patient, after).past[0].why == (
        "This session was not held. It does not count against you.",
    )
    schedule.cancel_session(
        actor=cast.admin, group_session_id=cast.group_session.pk, reason="Storm", at=cast.at
    )
    home = patient_home(cast.patient, cast.at)
    assert home.next is None
    assert home.past[0].why == ("Your program cancelled this session. It does not count against you.",)


def test_staff_have_no_patient_home(cast: Cast) -> None:
    with pytest.raises(NotFound):
        patient_home(cast.therapist, cast.at)


def test_a_clinician_sees_who_is_there_and_whom_to_call(cast: Cast) -> None:
    User.objects.filter(pk=cast.more_patients[1].pk).update(phone="+1 212 555 0199")
    start = cast.group_session.scheduled_start
    open_with(cast, cast.patient, at=start)
    join(cast, cast.more_patients[0], start)
    early = therapist_home(cast.therapist, start + 4 * MINUTE).sessions[0]
    assert early.missing == ()
    now = therapist_home(cast.therapist, start + 5 * MINUTE).sessions[0]
    assert now.is_mine
    states = {row.participant: row.state for row in now.roster}
    assert states[cast.patient.pk] is ParticipationState.IN_ROOM
    assert states[cast.more_patients[0].pk] is ParticipationState.WAITING
    missing = {row.participant: row.phone for row in now.missing}
    assert missing == {cast.more_patients[1].pk: "+1 212 555 0199", cast.patient_unsigned.pk: ""}


def test_live_minutes_come_from_stored_facts(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, at=start)
    relay, known = Relay(), start + 20 * MINUTE
    for person, entry in entries.items():
        relay.first_packet(cast.group_session, person, entry.connection, start)
        relay.beat(cast.group_session, person, entry.connection, known)
    relay.deliver(known, as_of=known)
    attendance.recompute_due(at=known)
    one = live_roster(cast.case_manager, cast.group_session.pk, known)
    # The last ten seconds of twenty minutes may still turn out to be a silence.
    assert {row.participant: row.minutes for row in one.roster}[cast.patient.pk] == 19
    assert minutes_so_far(cast.group_session.pk)[cast.patient.pk] == 19
    assert (one.as_of, one.is_final, one.is_settled) == (known, False, False)


def test_a_patient_sees_no_roster(cast: Cast) -> None:
    with pytest.raises(NotFound):
        live_roster(cast.patient, cast.group_session.pk, cast.at)
    with pytest.raises(NotFound):
        therapist_home(cast.patient, cast.at)
    with pytest.raises(NotFound):
        session_list(cast.patient, SessionFilters(), cast.at)
    with pytest.raises(NotFound):
        session_detail(cast.patient, cast.group_session.pk, cast.at)
    with pytest.raises(NotFound):
        session_audit(cast.patient, cast.group_session.pk, cast.at)


def test_the_list_is_narrowed_by_day_state_and_leader_and_cut_into_pages(cast: Cast) -> None:
    evening_series(cast, weeks=30)
    all_of_them = session_list(cast.admin, SessionFilters(), cast.at)
    assert (all_of_them.total, all_of_them.pages, len(all_of_them.rows)) == (92, 2, 50)
    today = SessionFilters(from_on=date(2026, 3, 4), to_on=date(2026, 3, 4))
    assert [row.card.title for row in session_list(cast.admin, today, cast.at).rows] == [
        "Morning group",
        "Evening group",
    ]
    assert session_list(cast.admin, SessionFilters(state=SessionState.OPEN), cast.at).total == 0
    mine = SessionFilters(facilitator_id=cast.therapist.pk)
    row = session_list(cast.admin, mine, cast.at).rows[0]
    assert (row.card.id, row.expected, row.credited) == (cast.group_session.pk, 4, 0)


def test_a_page_about_a_session_offers_whom_to_add_and_says_who_may_edit(cast: Cast) -> None:
    detail = session_detail(cast.admin, cast.group_session.pk, cast.at)
    assert [patient.user for patient in detail.candidates] == [cast.patient_off_roster]
    assert detail.may_edit
    assert not session_detail(cast.auditor, cast.group_session.pk, cast.at).may_edit


def test_a_page_about_a_series_shows_members_and_what_is_to_come(cast: Cast) -> None:
    evening_series(cast, weeks=1)
    series = session_list(
        cast.admin, SessionFilters(facilitator_id=cast.covering_therapist.pk), cast.at
    ).rows[0]
    assert series.series_id is not None
    page = series_detail(cast.admin, series.series_id, cast.at)
    assert (len(page.members), len(page.sessions)) == (3, 4)
    with pytest.raises(NotFound):
        series_detail(cast.other_therapist, series.series_id, cast.at)
    with pytest.raises(NotFound):
        series_detail(cast.patient, series.series_id, cast.at)


def test_the_audit_shows_observed_times_decided_minutes_and_the_terms(cast: Cast) -> None:
    at = hold(cast)
    audit = session_audit(cast.auditor, cast.group_session.pk, at)
    start = cast.group_session.scheduled_start
    line = next(one for one in audit.patients if one.name == cast.patient.full_name)
    assert (line.credited_min, line.billable_min, line.flags) == (150, 149, ("BRIDGED", "EARLY_LEAVE"))
    assert line.presence == (
        (start, start + 60 * MINUTE),
        (start + 61 * MINUTE, start + 150 * MINUTE),
    )
    assert (line.devices, line.agrees, line.lobby_at) == (2, True, start)
    assert [person.name for person in audit.facilitators] == [cast.therapist.full_name]
    assert {term.name: term.value for term in audit.terms}["rejoin_bridge_sec"] == "120"
    assert (audit.is_final, audit.delivered_seconds) == (True, 180 * 60)
    assert (audit.strip_start, audit.strip_end) == (start, start + 180 * MINUTE)


def test_the_audit_notices_a_record_that_the_facts_do_not_support(cast: Cast) -> None:
    at = hold(cast)
    AttendanceRecord.objects.filter(patient__user=cast.patient).update(credited_min=180)
    audit = session_audit(cast.admin, cast.group_session.pk, at)
    agrees = {one.name: one.agrees for one in audit.patients}
    assert agrees[cast.patient.full_name] is False
    assert agrees[cast.more_patients[0].full_name] is True


def test_queries_do_not_grow_with_sessions_patients_or_facts(cast: Cast) -> None:
    at = hold(cast)
    pk = cast.group_session.pk
    reads: dict[str, Callable[[], Any]] = {
        "patient": lambda: patient_home(User.objects.get(pk=cast.patient.pk), at),
        "therapist": lambda: therapist_home(User.objects.get(pk=cast.covering_therapist.pk), at),
        "list": lambda: session_list(User.objects.get(pk=cast.admin.pk), SessionFilters(), at),
        "detail": lambda: session_detail(User.objects.get(pk=cast.admin.pk), pk, at),
        "audit": lambda: session_audit(User.objects.get(pk=cast.admin.pk), pk, at),
    }
    evening_series(cast, weeks=1)
    before = {name: queries(read) for name, read in reads.items()}
    schedule.create_series(
        actor=cast.admin,
        program=cast.program,
        title="Late group",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.therapist,
        weekdays=list(range(7)),
        starts_at=time(21, 0),
        duration_min=60,
        starts_on=date(2026, 3, 4),
        until_on=date(2026, 3, 25),
        patients=[cast.record_of(person) for person in (cast.patient, *cast.more_patients)],
        at=cast.at,
    )
    assert {name: queries(read) for name, read in reads.items()} == before
    assert max(before.values()) <= 25


def test_read_models_cannot_be_edited(cast: Cast) -> None:
    home: Any = patient_home(cast.patient, cast.at)
    with pytest.raises(FrozenInstanceError):
        home.next = None
    assert fresh(cast.group_session).room_seq == 0

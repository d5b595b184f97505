"""The demo's data: made once, only in the demo's own database, and always with something to start now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sessions.models import AttendanceRecord, GroupSession, PresenceEvent, SessionState
from sessions.selectors.ledger.facts import broken_fact
from sessions.services.room import end_session, open_session
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.demo import cast
from telehealth.demo.models import DemoSeed
from telehealth.demo.seed import ForeignDatabaseError, hold_past, seed
from telehealth.demo.stage import set_stage
from telehealth.programs.models import Program

from . import story

pytestmark = pytest.mark.django_db
# A Tuesday morning, in the middle of what the series plans on such days.
NOW = datetime(2026, 11, 17, 15, 7, 30, tzinfo=UTC)


def _counts() -> tuple[int, ...]:
    return tuple(
        model.objects.count() for model in (User, GroupSession, PresenceEvent, AttendanceRecord, DemoSeed)
    )


def test_a_second_start_adds_nothing_and_a_later_one_only_what_time_brought() -> None:
    program = seed(at=NOW)
    stage = set_stage(program, at=NOW)
    first = _counts()

    assert seed(at=NOW) == program
    hold_past(program, at=NOW)
    assert set_stage(program, at=NOW + timedelta(seconds=40)) == stage
    assert _counts() == first

    now, soon = stage
    assert now.state == SessionState.SCHEDULED
    assert now.scheduled_start <= NOW < now.scheduled_end
    assert timedelta(minutes=9) <= soon.scheduled_start - NOW <= timedelta(minutes=10)
    held = GroupSession.objects.filter(state=SessionState.ENDED)
    assert held.earliest("scheduled_start").scheduled_start < NOW - timedelta(weeks=7)
    assert set(AttendanceRecord.objects.values_list("is_final", flat=True)) == {True}
    assert {"PRESENT", "PARTIAL", "NO_SHOW"} <= set(AttendanceRecord.objects.values_list("status", flat=True))
    assert all(broken_fact(group_session.pk) is None for group_session in held[:5])
    story.the_terms_have_a_history(program)
    story.rosters_stand_in_every_state(NOW)
    story.corrections_and_objections_stand_in_every_state()
    story.absences_are_followed_up(program, NOW)
    story.episodes_taper_and_rest(program, NOW)
    story.an_incident_and_two_seats_are_there()
    assert {user.role_enum for user in User.objects.all()} == set(Role)
    assert {account.role for account in cast.LOGINS} == set(Role)

    therapist = User.objects.get(email=cast.THERAPIST.person.email)
    open_session(actor=therapist, group_session_id=now.pk, at=NOW)
    for later in (timedelta(minutes=40), timedelta(minutes=70)):
        assert set_stage(program, at=NOW + later)[0] == now
    end_session(actor=therapist, group_session_id=now.pk, at=NOW + timedelta(minutes=71))

    tomorrow = NOW + timedelta(days=1)
    hold_past(program, at=tomorrow)
    next_now, _ = set_stage(program, at=tomorrow)
    assert next_now.pk != now.pk
    assert next_now.scheduled_start <= tomorrow
    assert AttendanceRecord.objects.count() >= first[3]
    assert not GroupSession.objects.filter(
        series__isnull=False, state=SessionState.SCHEDULED, scheduled_end__lt=tomorrow
    ).exists()


def test_a_database_with_other_data_is_left_alone() -> None:
    User.objects.create_user("someone@example.org", role=Role.SYSTEM_ADMIN, given_name="A", family_name="B")
    with pytest.raises(ForeignDatabaseError) as refusal:
        seed(at=NOW)
    assert "did not make" in refusal.value.text
    assert not Program.objects.exists()

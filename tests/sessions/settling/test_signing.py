"""Rosters are signed by who led the session, over the rows they saw, and locked when their week is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from sessions.models import AttendanceRecord, GroupSession, RosterState, SignOff
from sessions.selectors.signing.roster import roster_hash
from sessions.selectors.signing.unsigned import unsigned_for, unsigned_sessions
from sessions.services.recording import attendance
from sessions.services.signing.signoff import LockReason, lock_closed_weeks, lock_rosters, reopen_if_changed
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, NotReady
from tests.cast import Cast
from tests.factories import fresh, join

from ..pages.stories import ny
from .desk import DAY, ENDED, HOUR, SOON, approve, ask, example_b, proof, record_of, shown, sign

pytestmark = pytest.mark.django_db

SUNDAY = ny("00:00") + 5 * DAY
"""The first instant after the group's week."""


def state_of(group: GroupSession) -> str:
    return fresh(group).roster_state


def test_a_signature_keeps_who_as_what_when_how_and_over_which_rows(cast: Cast) -> None:
    group = example_b(cast)
    signed = sign(cast, group, proof=proof(SOON - timedelta(minutes=1)))
    assert signed.statement == "I led this session; the roster and times are correct."
    assert (signed.number, signed.capacity, signed.credential) == (1, "of_record", "LCSW")
    assert (signed.authenticated_at, signed.authentication_method) == (
        SOON - timedelta(minutes=1),
        "password",
    )
    assert signed.roster_hash == roster_hash(signed.roster) == shown(group)
    assert signed.chain_head == record_of(cast, group).chain_head
    rows = {row["patient"]: row for row in signed.roster["rows"]}
    mine = rows[str(cast.record_of(cast.patient).pk)]
    assert (mine["computed_min"], mine["credited_min"], mine["billable_min"]) == (154, 154, 153)
    assert mine["timeline"] == record_of(cast, group).timeline
    assert state_of(group) == RosterState.ATTESTED
    event = AuditEvent.objects.get(action="session.signed_off")
    assert (event.actor, event.subject_id) == (cast.therapist, str(group.pk))
    assert event.data["roster_hash"] == signed.roster_hash


def test_only_the_clinician_who_led_the_session_signs(cast: Cast) -> None:
    group = example_b(cast)
    for stranger in (
        cast.covering_therapist,
        cast.other_therapist,
        cast.admin,
        cast.case_manager,
        cast.auditor,
        cast.patient,
    ):
        with pytest.raises(Denied):
            sign(cast, group, actor=stranger)
    assert not SignOff.objects.exists()


def test_a_covering_clinician_who_was_in_the_room_signs_and_is_named_as_such(cast: Cast) -> None:
    group = example_b(cast)
    GroupSession.objects.filter(pk=group.pk).update(facilitator=cast.covering_therapist)
    with pytest.raises(Denied) as refusal:
        sign(cast, group, actor=cast.covering_therapist)
    assert refusal.value.error == "did_not_lead"
    assert sign(cast, group).capacity == "covering"


def test_the_facilitator_of_record_signs_where_nobody_came_to_lead(cast: Cast) -> None:
    group = example_b(cast)
    group.participations.filter(role="facilitator").delete()
    assert sign(cast, group).capacity == "of_record"


def test_a_clinician_who_has_left_the_program_signs_nothing(cast: Cast) -> None:
    group = example_b(cast)
    cast.therapist.program_memberships.update(ends_on=cast.program.date_at(SOON - DAY))
    with pytest.raises(Denied):
        sign(cast, group)


@pytest.mark.parametrize("age", [None, timedelta(minutes=5), timedelta(seconds=-1)])
def test_a_signature_needs_a_proof_of_the_last_minutes(cast: Cast, age: timedelta | None) -> None:
    group = example_b(cast)
    with pytest.raises(NotReady) as refusal:
        sign(cast, group, proof=None if age is None else proof(SOON - age))
    assert refusal.value.error == "proof_needed"


def test_a_credential_is_never_empty(cast: Cast) -> None:
    group = example_b(cast)
    with pytest.raises(Conflict) as refusal:
        sign(cast, group, credential="  ")
    assert refusal.value.error == "credential_missing"


def test_a_running_session_is_not_signed(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    join(cast, cast.therapist, start)
    with pytest.raises(NotReady) as refusal:
        sign(cast, cast.group_session, start)
    assert refusal.value.error == "not_ended"


def test_minutes_that_are_not_final_are_not_signed(cast: Cast) -> None:
    group = example_b(cast)
    AttendanceRecord.objects.filter(pk=record_of(cast, group).pk).update(is_final=False)
    with pytest.raises(NotReady) as refusal:
        sign(cast, group)
    assert refusal.value.error == "not_final"


def test_rows_that_changed_since_they_were_shown_are_refused(cast: Cast) -> None:
    group = example_b(cast)
    seen = shown(group)
    ask(cast, group, 160)
    with pytest.raises(Conflict) as refusal:
        sign(cast, group, shown_hash=seen)
    assert refusal.value.error == "roster_changed"
    assert not SignOff.objects.exists()


def test_a_roster_is_not_signed_twice_and_not_over_an_open_request(cast: Cast) -> None:
    group = example_b(cast)
    request = ask(cast, group, 180)
    with pytest.raises(NotReady) as waiting:
        sign(cast, group)
    assert waiting.value.error == "correction_pending"
    approve(cast, request)
    sign(cast, group)
    with pytest.raises(Conflict) as again:
        sign(cast, group)
    assert again.value.error == "signed_already"


def test_a_correction_takes_the_signature_away_and_the_next_one_counts_on(cast: Cast) -> None:
    group = example_b(cast)
    sign(cast, group)
    ask(cast, group, 160)
    assert state_of(group) == RosterState.COMPUTED
    second = sign(cast, group)
    assert (second.number, state_of(group)) == (2, RosterState.ATTESTED)
    assert second.roster["rows"] != SignOff.objects.get(number=1).roster["rows"]


def test_signatures_cannot_be_changed_or_deleted(cast: Cast) -> None:
    sign(cast, example_b(cast))
    with pytest.raises(DatabaseError), transaction.atomic():
        SignOff.objects.update(credential="MD")
    with pytest.raises(DatabaseError), transaction.atomic():
        SignOff.objects.all().delete()


def test_signed_rosters_are_locked_once_their_week_is_over(cast: Cast) -> None:
    group = example_b(cast)
    sign(cast, group)
    assert lock_closed_weeks(SUNDAY - timedelta(seconds=1)) == []
    assert lock_closed_weeks(SUNDAY) == [group.pk]
    assert (state_of(group), fresh(group).locked_at) == (RosterState.LOCKED, SUNDAY)
    assert lock_closed_weeks(SUNDAY + HOUR) == []
    assert AuditEvent.objects.get(action="roster.locked").data == {"reason": "week_closed"}


def test_unsigned_rosters_are_never_locked(cast: Cast) -> None:
    group = example_b(cast)
    assert lock_closed_weeks(SUNDAY) == []
    exported = lock_rosters(
        group_session_ids=[group.pk], reason=LockReason.EXPORTED, at=SOON, actor=cast.admin
    )
    assert (exported, state_of(group)) == ([], RosterState.COMPUTED)


def test_a_report_that_leaves_the_house_locks_what_is_signed(cast: Cast) -> None:
    group = example_b(cast)
    sign(cast, group)
    lock_rosters(group_session_ids=[group.pk], reason=LockReason.EXPORTED, at=SOON, actor=cast.admin)
    assert state_of(group) == RosterState.LOCKED
    assert AuditEvent.objects.get(action="roster.locked").actor == cast.admin


def test_a_correction_after_the_lock_amends_for_good(cast: Cast) -> None:
    group = example_b(cast)
    sign(cast, group)
    lock_closed_weeks(SUNDAY)
    ask(cast, group, 160, SUNDAY + HOUR)
    assert (state_of(group), fresh(group).locked_at) == (RosterState.AMENDED, None)
    assert [one.is_again for one in unsigned_for(cast.therapist, SUNDAY + HOUR)] == [True]
    assert sign(cast, group, SUNDAY + 2 * HOUR).number == 2
    assert (state_of(group), fresh(group).locked_at) == (RosterState.AMENDED, SUNDAY + 2 * HOUR)
    assert unsigned_for(cast.therapist, SUNDAY + 2 * HOUR) == ()
    assert AuditEvent.objects.get(action="roster.amended").data["because"] == "correction"
    with pytest.raises(Conflict):
        sign(cast, group, SUNDAY + 2 * HOUR)


@pytest.mark.parametrize(("locked", "then"), [(False, "COMPUTED"), (True, "AMENDED")])
def test_facts_that_come_after_the_signature_take_it_away(cast: Cast, locked: bool, then: str) -> None:
    group = example_b(cast)
    sign(cast, group)
    if locked:
        lock_closed_weeks(SUNDAY)
    assert not reopen_if_changed(group_session_id=group.pk, at=SUNDAY)
    AttendanceRecord.objects.filter(pk=record_of(cast, group).pk).update(credited_min=155)
    assert reopen_if_changed(group_session_id=group.pk, at=SUNDAY)
    assert state_of(group) == then
    assert not reopen_if_changed(group_session_id=group.pk, at=SUNDAY)
    assert AuditEvent.objects.get(action="roster.amended").data["because"] == "late_facts"
    assert sign(cast, group, SUNDAY + HOUR).number == 2


@pytest.mark.django_db(transaction=False)
def test_a_new_computation_looks_at_the_signature(
    cast: Cast, django_capture_on_commit_callbacks: object
) -> None:
    group = example_b(cast)
    AttendanceRecord.objects.filter(pk=record_of(cast, group).pk).update(credited_min=120)
    sign(cast, group)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        attendance.recompute(group.pk, at=SOON + HOUR)
    assert state_of(group) == RosterState.COMPUTED


def test_what_waits_for_a_signature_is_listed_with_its_age(cast: Cast) -> None:
    group = example_b(cast)
    (mine,) = unsigned_for(cast.therapist, SOON)
    assert (mine.id, mine.age_words, mine.is_overdue, mine.is_final) == (group.pk, "45 min", False, True)
    (late,) = unsigned_sessions([cast.program.pk], ENDED + 3 * DAY)
    assert (late.age_words, late.is_overdue, late.due_at) == ("3 days", True, ENDED + DAY)
    assert not unsigned_sessions([cast.program.pk], ENDED + DAY)[0].is_overdue
    assert unsigned_for(cast.covering_therapist, SOON) == ()
    assert unsigned_for(cast.admin, SOON) == ()
    sign(cast, group)
    assert unsigned_sessions([cast.program.pk], SOON) == ()


def test_the_list_takes_as_many_queries_for_many_as_for_one(
    cast: Cast, django_assert_num_queries: object
) -> None:
    example_b(cast)
    with django_assert_num_queries(4):  # type: ignore[operator]
        unsigned_sessions([cast.program.pk], SOON)

"""Make-ups: which sessions are offered, what placing one asks for, and that it can be taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sessions.models import GroupSession, RosterEntry
from sessions.rules.weekly.make_ups import MAKEUP_WINDOW_DAYS
from sessions.selectors.weekly.board import week_board
from sessions.selectors.weekly.board_shapes import BoardFilters, BoardRow
from sessions.selectors.weekly.make_ups import missed_places
from sessions.services.scheduling.roster import add_to_roster, take_off_roster
from sessions.services.scheduling.schedule import cancel_session
from sessions.services.weekly.make_ups import add_make_up
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied
from telehealth.enrollment.models import EnrollmentState
from telehealth.enrollment.services import change_enrollment_state
from tests.cast import Cast
from tests.factories import freeze_terms

from .held import hold, plan

pytestmark = pytest.mark.django_db

# The cast's group is on Wednesday the 4th, ten minutes from now.
MONDAY, TUESDAY, THURSDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 5)
DAY = timedelta(days=1)


def missed(cast: Cast, day: date = TUESDAY) -> RosterEntry:
    """Let the patient miss a session."""
    group = hold(plan(cast, day, cast.patient))
    return RosterEntry.objects.get(group_session=group, patient=cast.record_of(cast.patient))


def coming(cast: Cast, day: date = THURSDAY, *people: Any, hour: int = 9) -> GroupSession:
    return plan(cast, day, *people, hour=hour, title="Thursday group")


def place(cast: Cast, group: GroupSession, **changes: Any) -> RosterEntry:
    values = {
        "actor": cast.admin,
        "group_session_id": group.pk,
        "patient": cast.record_of(cast.patient),
        "missed_entry_id": None,
        "at": cast.at,
        **changes,
    }
    return add_make_up(**values)


def row_of(cast: Cast, **filters: Any) -> BoardRow:
    board = week_board(cast.admin, BoardFilters(**filters), cast.at)
    return next(row for row in board.rows if row.patient_id == cast.record_of(cast.patient).pk)


def test_the_board_offers_the_fewest_sessions_that_save_the_week(cast: Cast) -> None:
    entry = missed(cast)
    hold(plan(cast, MONDAY, cast.patient), pat=180)
    # 180 credited, 180 to come today, 540 wanted: one group on Thursday covers it.
    group = coming(cast)
    coming(cast, THURSDAY + DAY)
    row = row_of(cast)
    assert (str(row.week.flag), row.needed_min) == ("SHORTFALL_CERTAIN", 180)
    suggestion = row.suggestions[0]
    assert len(row.suggestions) == 1
    assert (suggestion.make_up.group_session_id, suggestion.make_up.minutes) == (group.pk, 180)
    assert suggestion.missed is not None
    assert (suggestion.missed.entry_id, suggestion.may_place) == (entry.pk, True)


def test_a_placed_make_up_is_linked_audited_and_shown(cast: Cast) -> None:
    entry, group = missed(cast), coming(cast)
    placed = place(cast, group, missed_entry_id=entry.pk)
    assert placed.makes_up == entry
    event = AuditEvent.objects.get(action="roster.make_up_added")
    assert event.data == {
        "patient": str(placed.patient_id),
        "makes_up": str(entry.group_session_id),
    }
    shown = row_of(cast).placed[0]
    assert (shown.group_session_id, shown.may_undo) == (group.pk, True)
    # The missed place is made up: it is offered no second time.
    assert missed_places(cast.program, [placed.patient_id], cast.at)[placed.patient_id] == []
    with pytest.raises(Conflict) as refusal:
        place(cast, coming(cast, THURSDAY + DAY), missed_entry_id=entry.pk)
    assert refusal.value.error == "nothing_to_make_up"


def test_undone_it_can_be_made_up_again(cast: Cast) -> None:
    entry, group = missed(cast), coming(cast)
    place(cast, group, missed_entry_id=entry.pk)
    patient = cast.record_of(cast.patient)
    take_off_roster(actor=cast.admin, group_session=group, patient=patient, at=cast.at)
    assert row_of(cast).placed == ()
    assert [one.entry_id for one in missed_places(cast.program, [patient.pk], cast.at)[patient.pk]] == [
        entry.pk
    ]
    # Put on again as any other place, it makes up for nothing.
    assert add_to_roster(actor=cast.admin, group_session=group, patient=patient, at=cast.at).makes_up is None


def test_a_make_up_that_is_cancelled_made_nothing_up(cast: Cast) -> None:
    entry, group = missed(cast), coming(cast)
    place(cast, group, missed_entry_id=entry.pk)
    cancel_session(actor=cast.admin, group_session_id=group.pk, reason="Ill", at=cast.at)
    patient = cast.record_of(cast.patient)
    assert len(missed_places(cast.program, [patient.pk], cast.at)[patient.pk]) == 1


def test_credit_stays_in_the_week_in_which_it_is_earned(cast: Cast) -> None:
    entry, monday = missed(cast), MONDAY + 7 * DAY
    group = coming(cast, monday)
    place(cast, group, missed_entry_id=entry.pk)
    hold(group, pat=180)
    later = cast.at + 7 * DAY
    board = week_board(cast.admin, BoardFilters(day=MONDAY), later)
    first = next(row for row in board.rows if row.patient_id == entry.patient_id)
    assert (first.week.hours_min, str(first.week.flag)) == (0, "SHORTFALL")
    second = week_board(cast.admin, BoardFilters(day=monday), later)
    assert next(row for row in second.rows if row.patient_id == entry.patient_id).week.hours_min == 180


def test_a_make_up_comes_within_seven_days(cast: Cast) -> None:
    entry = missed(cast, MONDAY)
    late = coming(cast, MONDAY + (MAKEUP_WINDOW_DAYS + 1) * DAY)
    with pytest.raises(Conflict) as refusal:
        place(cast, late, missed_entry_id=entry.pk)
    assert refusal.value.error == "outside_window"
    assert place(cast, coming(cast, MONDAY + MAKEUP_WINDOW_DAYS * DAY), missed_entry_id=entry.pk)


def test_a_session_that_has_begun_or_is_full_takes_nobody(cast: Cast) -> None:
    missed(cast)
    with pytest.raises(Conflict) as refusal:
        place(cast, cast.group_session, at=cast.group_session.scheduled_start)
    assert refusal.value.error == "already_begun"
    group = coming(cast, THURSDAY, *cast.more_patients)
    freeze_terms(group, group_max=2)
    with pytest.raises(Conflict) as refusal:
        place(cast, group)
    assert refusal.value.error == "group_full"
    assert all(one.make_up.group_session_id != group.pk for one in row_of(cast).suggestions)


def test_nobody_is_offered_or_given_two_sessions_at_one_time(cast: Cast) -> None:
    missed(cast)
    coming(cast, THURSDAY, cast.patient)
    GroupSession.objects.filter(title="Thursday group").update(facilitator=cast.covering_therapist)
    other = coming(cast, THURSDAY)
    with pytest.raises(Conflict) as refusal:
        place(cast, other)
    assert refusal.value.error == "patient_busy"
    assert row_of(cast).suggestions == ()


def test_who_has_not_signed_is_not_offered_a_group(cast: Cast) -> None:
    group, unsigned = coming(cast), cast.record_of(cast.patient_unsigned)
    board = week_board(cast.admin, BoardFilters(), cast.at)
    row = next(row for row in board.rows if row.patient_id == unsigned.pk)
    assert (row.suggestions, row.may_join) == ((), False)
    with pytest.raises(Conflict) as refusal:
        place(cast, group, patient=unsigned)
    assert refusal.value.error == "cannot_join"


def test_somebody_on_hold_is_given_no_make_up(cast: Cast) -> None:
    group = coming(cast)
    change_enrollment_state(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        state=EnrollmentState.ON_HOLD,
        reason="Surgery",
        expected_return_on=THURSDAY,
        at=cast.at,
    )
    with pytest.raises(Conflict) as refusal:
        place(cast, group)
    assert refusal.value.error == "cannot_join"
    assert row_of(cast).suggestions == ()


def test_a_session_that_does_not_count_makes_nothing_up(cast: Cast) -> None:
    group = coming(cast)
    GroupSession.objects.filter(pk=group.pk).update(service_type="peer_support")
    with pytest.raises(Conflict) as refusal:
        place(cast, group)
    assert refusal.value.error == "does_not_count"
    assert row_of(cast).suggestions == ()


@pytest.mark.parametrize(
    "who", ["covering_therapist", "case_manager", "auditor", "patient", "other_therapist"]
)
def test_only_administrators_and_the_sessions_own_facilitator_place(cast: Cast, who: str) -> None:
    group = coming(cast)
    with pytest.raises(Denied):
        place(cast, group, actor=getattr(cast, who))
    assert place(cast, group, actor=cast.therapist).makes_up is None


def test_somebody_elses_absence_is_not_made_up(cast: Cast) -> None:
    group = hold(plan(cast, TUESDAY, cast.more_patients[0]))
    entry = RosterEntry.objects.get(group_session=group)
    with pytest.raises(Conflict) as refusal:
        place(cast, coming(cast), missed_entry_id=entry.pk)
    assert refusal.value.error == "nothing_to_make_up"

"""The list of sessions: whose it holds, how it is narrowed, and what junk in the address does to it."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from sessions.models import ServiceType
from sessions.services.scheduling.schedule import cancel_session, create_series, create_session
from telehealth.programs.services import add_membership
from tests.cast import Cast

from .browsing import Browser, words
from .stories import example_b

pytestmark = pytest.mark.django_db
LIST = "sessions:list"


def evening_series(cast: Cast, *, weeks: int) -> None:
    create_series(
        actor=cast.admin,
        program=cast.program,
        title="Evening group",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.covering_therapist,
        weekdays=[0, 1, 2, 3, 4],
        starts_at=time(21, 0),
        duration_min=60,
        starts_on=date(2026, 3, 4),
        until_on=date(2026, 3, 4) + timedelta(weeks=weeks),
        patients=[],
        at=cast.at,
    )


def in_the_other_program(cast: Cast) -> None:
    other_admin = cast.other_program.memberships.get(user__role="program_admin").user
    create_session(
        actor=other_admin,
        program=cast.other_program,
        title="Elsewhere",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.other_therapist,
        start=cast.at + timedelta(hours=2),
        end=cast.at + timedelta(hours=3),
        patients=[],
        at=cast.at,
    )


def test_it_holds_the_sessions_of_ones_own_programs(cast: Cast) -> None:
    in_the_other_program(cast)
    for person in (cast.admin, cast.auditor, cast.case_manager):
        text = Browser(person, cast.at).read(LIST)
        assert "Morning group" in text
        assert "Elsewhere" not in text


def test_who_belongs_to_two_programs_sees_both_and_may_narrow(cast: Cast) -> None:
    in_the_other_program(cast)
    assert "All programs" not in Browser(cast.admin, cast.at).read(LIST)
    add_membership(actor=cast.system_admin, program=cast.other_program, user=cast.admin, at=cast.at)
    text = Browser(cast.admin, cast.at).read(LIST)
    assert "Morning group" in text
    assert "Elsewhere" in text
    assert "All programs" in text
    one = Browser(cast.admin, cast.at).read(LIST, program=str(cast.other_program.pk))
    assert "Elsewhere" in one
    assert "Morning group" not in one


def test_a_program_that_is_not_ones_own_narrows_nothing(cast: Cast) -> None:
    in_the_other_program(cast)
    text = Browser(cast.admin, cast.at).read(LIST, program=str(cast.other_program.pk))
    assert "Morning group" in text
    assert "Elsewhere" not in text


def test_it_begins_with_today_and_keeps_the_past_apart(cast: Cast) -> None:
    example_b(cast)
    admin = Browser(cast.admin, cast.at)
    assert "Tuesday group" not in admin.read(LIST)
    past = admin.read(LIST, show="past")
    assert "Tuesday group" in past
    assert "2 / 2" in past
    assert "Morning group" not in past
    both = admin.read(LIST, show="all")
    assert both.index("Tuesday group") < both.index("Morning group")


def test_the_past_begins_with_the_newest(cast: Cast) -> None:
    example_b(cast)
    text = Browser(cast.admin, cast.group_session.scheduled_end).read(LIST, show="past")
    assert text.index("Morning group") < text.index("Tuesday group")


def test_it_is_narrowed_by_state_and_by_days(cast: Cast) -> None:
    evening_series(cast, weeks=1)
    cancel_session(actor=cast.admin, group_session_id=cast.group_session.pk, reason="Storm", at=cast.at)
    admin = Browser(cast.admin, cast.at)
    assert "Evening group" not in admin.read(LIST, state="CANCELLED")
    assert "Morning group" not in admin.read(LIST, state="SCHEDULED")
    monday = admin.read(LIST, from_on="2026-03-09", to_on="2026-03-09")
    assert "Monday, March 9, 9:00 PM - 10:00 PM EDT" in monday
    assert monday.count("Evening group") == 1
    assert "No sessions here." in admin.read(LIST, from_on="2026-03-07", to_on="2026-03-08")


def test_a_long_list_comes_in_pages_that_keep_the_filters(cast: Cast) -> None:
    evening_series(cast, weeks=20)
    admin = Browser(cast.admin, cast.at)
    first = admin.get(LIST, state="SCHEDULED")
    assert "Page 1 of 3" in words(first)
    assert 'href="?state=SCHEDULED&amp;page=2"' in first.content.decode()
    second = words(admin.get(LIST, state="SCHEDULED", page="2"))
    assert "Page 2 of 3" in second
    assert "Morning group" not in second
    assert "Page 3 of 3" in admin.read(LIST, page="999999999999")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("show", "everything"),
        ("state", "BROKEN"),
        ("state", "\x00"),
        ("from_on", "yesterday"),
        ("from_on", "0001-01-01"),
        ("from_on", "2026-02-30"),
        ("to_on", "9999-12-31"),
        ("program", "not-a-uuid"),
        ("program", "00000000-0000-0000-0000-000000000007"),
        ("page", "-3"),
        ("page", "zero"),
        ("page", "9" * 40),
        ("nonsense", "<script>alert(1)</script>"),
    ],
)
def test_junk_in_the_address_narrows_nothing(cast: Cast, name: str, value: str) -> None:
    answer = Browser(cast.admin, cast.at).get(LIST, **{name: value})
    assert answer.status_code == 200
    assert "Morning group" in words(answer)
    assert "<script>alert(1)" not in answer.content.decode()


def test_the_day_read_out_with_a_link_is_the_readers_day(cast: Cast) -> None:
    cast.group_session.opened_at = cast.group_session.scheduled_start = cast.at + timedelta(hours=12)
    cast.group_session.scheduled_end = cast.at + timedelta(hours=13)
    cast.group_session.save()
    # Ten at night in New York is the next day in UTC.
    text = Browser(cast.admin, cast.at).read(LIST)
    assert "Audit of Morning group, Wednesday, March 4" in text
    assert "March 5" not in text


def test_case_managers_plan_and_audit_nothing(cast: Cast) -> None:
    example_b(cast)
    text = Browser(cast.case_manager, cast.at).read(LIST, show="all")
    assert "Tuesday group" in text
    assert "Audit" not in text
    assert "Weekly series" not in text
    assert "Weekly series" in Browser(cast.admin, cast.at).read(LIST)


def test_a_list_with_nothing_in_it_says_what_to_do(cast: Cast) -> None:
    later = cast.at + timedelta(days=30)
    assert "Make a weekly series" in Browser(cast.admin, later).read(LIST)
    assert "Make a weekly series" not in Browser(cast.auditor, later).read(LIST)

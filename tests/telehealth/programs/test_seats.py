"""The auditor's seat: dated at both ends, changed by administrators; and the supervisor's tick."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError
from telehealth.programs.models import ProgramMembership
from telehealth.programs.selectors import EVERY_DATE, NO_DATE, ServiceDates, audit_scope, audit_scopes
from telehealth.programs.services import add_membership, change_seat, end_membership
from tests.telehealth.enrollment.world import AT, TODAY, World

DAY = timedelta(days=1)
SEES = ServiceDates(TODAY - 30 * DAY, TODAY)


@pytest.fixture
def auditor(world: World) -> User:
    user = User.objects.create_user("aud@example.org", None, role="auditor", given_name="A", family_name="B")
    add_membership(
        actor=world.admin, program=world.program, user=user, at=AT, ends_on=TODAY + 14 * DAY, sees=SEES
    )
    return user


def seat_of(user: User) -> ProgramMembership:
    return ProgramMembership.objects.get(user=user)


def test_an_auditor_sees_the_dates_of_the_seat_until_its_last_day(world: World, auditor: User) -> None:
    assert audit_scope(auditor, world.program, AT) == SEES
    assert audit_scopes(auditor, AT) == {world.program: SEES}
    assert audit_scope(auditor, world.program, AT + 14 * DAY) == SEES
    assert audit_scope(auditor, world.program, AT + 15 * DAY) == NO_DATE
    assert audit_scopes(auditor, AT + 15 * DAY) == {}
    assert audit_scope(auditor, world.other_program, AT) == NO_DATE


def test_a_seat_without_dates_sees_nothing(world: World, auditor: User) -> None:
    ProgramMembership.objects.filter(user=auditor).update(sees_from=None)
    assert audit_scope(auditor, world.program, AT) == NO_DATE


def test_members_of_the_staff_see_every_date_while_they_are_members(world: World) -> None:
    assert audit_scope(world.therapist, world.program, AT) == EVERY_DATE
    end_membership(actor=world.admin, membership=seat_of(world.therapist), at=AT)
    assert audit_scope(world.therapist, world.program, AT) == NO_DATE
    world.admin.is_active = False
    assert audit_scope(world.admin, world.program, AT) == NO_DATE


def test_dates_are_clipped_to_what_is_seen() -> None:
    assert SEES.clip(None, None) == SEES
    assert SEES.clip(TODAY - 60 * DAY, TODAY - DAY) == (TODAY - 30 * DAY, TODAY - DAY)
    assert SEES.clip(TODAY + DAY, None).is_empty
    assert NO_DATE.is_empty
    assert NO_DATE.clip(TODAY, TODAY).is_empty
    assert SEES.holds(TODAY)
    assert not SEES.holds(TODAY + DAY)
    assert (SEES.is_limited, EVERY_DATE.is_limited) == (True, False)


def test_an_administrator_moves_the_dates_and_the_trail_says_so(world: World, auditor: User) -> None:
    later = ServiceDates(TODAY - 10 * DAY, TODAY + 10 * DAY)
    change_seat(actor=world.admin, membership=seat_of(auditor), at=AT, ends_on=TODAY + 20 * DAY, sees=later)
    assert audit_scope(auditor, world.program, AT + 20 * DAY) == later
    event = AuditEvent.objects.order_by("-seq")[0]
    assert event.action == "program.membership_changed"
    assert event.data["sees_from"] == later.first.isoformat()
    assert event.data["user"] == str(auditor.pk)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"ends_on": TODAY + DAY}, "auditor_needs_dates"),
        ({"ends_on": TODAY - DAY, "sees": SEES}, "date_in_past"),
        ({"sees": ServiceDates(TODAY, TODAY - DAY)}, "dates_out_of_order"),
        ({"is_supervisor": True}, "not_a_therapist"),
    ],
)
def test_a_seat_that_makes_no_sense_is_refused(
    world: World, auditor: User, change: dict[str, Any], error: str
) -> None:
    with pytest.raises(DomainError) as caught:
        change_seat(actor=world.admin, membership=seat_of(auditor), at=AT, **change)
    assert caught.value.error == error
    assert audit_scope(auditor, world.program, AT) == SEES


def test_only_an_auditor_is_limited_to_dates(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        change_seat(actor=world.admin, membership=seat_of(world.therapist), at=AT, sees=SEES)
    assert caught.value.error == "not_an_auditor"


def test_a_seat_that_is_over_is_not_changed(world: World, auditor: User) -> None:
    with pytest.raises(Conflict):
        change_seat(actor=world.admin, membership=seat_of(auditor), at=AT + 15 * DAY, sees=SEES)


def test_only_administrators_of_the_program_change_seats_and_nobody_their_own(
    world: World, auditor: User
) -> None:
    for actor in (world.therapist, world.other_admin, world.system_admin, auditor):
        with pytest.raises(Denied):
            change_seat(actor=actor, membership=seat_of(auditor), at=AT, sees=SEES)


def test_a_therapist_becomes_a_supervisor_and_stops_being_one(world: World) -> None:
    for ticked in (True, False):
        change_seat(actor=world.admin, membership=seat_of(world.therapist), at=AT, is_supervisor=ticked)
        assert seat_of(world.therapist).is_supervisor is ticked


@pytest.fixture
def admin(world: World, client: Client, settings: Any) -> Any:
    settings.REQUIRE_STAFF_MFA = False
    with time_machine.travel(AT, tick=False):
        client.force_login(world.admin)
        yield client


def test_the_pages_change_both_kinds_of_seat(admin: Client, world: World, auditor: User) -> None:
    url = reverse("programs:seat_edit", args=[seat_of(auditor).pk])
    page = admin.get(url).content
    assert SEES.first.isoformat().encode() in page
    wrong = admin.post(url, {"ends_on": TODAY.isoformat(), "sees_from": "", "sees_until": ""})
    assert wrong.context["form"].errors.keys() == {"sees_from", "sees_until"}
    dates = {"ends_on": TODAY, "sees_from": TODAY - DAY, "sees_until": TODAY}
    assert admin.post(url, {name: day.isoformat() for name, day in dates.items()}).status_code == 302
    assert audit_scope(auditor, world.program, AT) == (TODAY - DAY, TODAY)
    url = reverse("programs:seat_edit", args=[seat_of(world.therapist).pk])
    assert admin.post(url, {"is_supervisor": "on"}).status_code == 302
    assert b"Clinical supervisor" in admin.get(reverse("programs:people")).content
    assert admin.post(url, {}).status_code == 302
    assert not seat_of(world.therapist).is_supervisor


def test_there_is_no_seat_page_for_administrators_or_other_programs(admin: Client, world: World) -> None:
    for person in (world.admin, world.other_admin):
        assert admin.get(reverse("programs:seat_edit", args=[seat_of(person).pk])).status_code == 404

"""Every read of attendance by staff is in the audit trail: each route says whether it reads, and is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from sessions.models import Correction, Dispute, GroupSession
from telehealth.accounts import access
from telehealth.accounts.attendance_reads import APPS, NO_ATTENDANCE, READS_ATTENDANCE
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.programs.models import ProgramMembership
from telehealth.reports.selectors.access import ACTION_WORDS
from tests import cast as stage
from tests.cast import Cast
from tests.sessions.pages.browsing import Browser
from tests.sessions.pages.stories import example_b, held_without

pytestmark = pytest.mark.django_db
READS = frozenset(ACTION_WORDS) - {AuditAction.ACCESS_DENIED}


@pytest.fixture
def cast(db: None) -> Cast:
    """Build everybody around a session that was held."""
    return stage.build(patients=2)


def staff_routes() -> dict[str, frozenset[Role]]:
    """Give the routes that staff may open, with the roles that may."""
    found = {}
    for name, methods in access.ROUTES.items():
        roles = methods.get("GET")
        if name.split(":")[0] in APPS and roles:
            staff = frozenset(role for role in roles if role.is_staff_role)
            if staff:
                found[name] = staff
    return found


def arguments(cast: Cast, group: GroupSession) -> dict[str, list[object]]:
    """Give what the addresses of routes with arguments name."""
    patient = cast.record_of(cast.patient)
    by_session = ("audit", "audit_csv", "evidence", "detail", "live_roster", "roster")
    return {
        **{f"sessions:{name}": [group.pk] for name in by_session},
        "enrollment:patient": [patient.pk],
        "sessions:patient_history": [patient.pk],
        "sessions:facts": [group.pk, cast.patient.pk],
        "sessions:correct": [group.pk, patient.pk],
        "sessions:absence_decide": [held_without(cast, cast.patient).pk, patient.pk],
        "sessions:correction_decide": [asked_for(cast, group).pk],
        "sessions:dispute_answer": [objected(cast, group).pk],
    }


def query(cast: Cast, name: str) -> dict[str, str]:
    """Give what a page is asked that reads nothing before it is asked something."""
    if name != "sessions:what_if":
        return {}
    return {"program": str(cast.program.pk), "month": "2026-02", "source": "asam_adult"}


def asked_for(cast: Cast, group: GroupSession) -> Correction:
    return Correction.objects.create(
        group_session=group,
        patient=cast.record_of(cast.patient),
        old_min=154,
        new_min=170,
        reason="device_failure",
        narrative="The tablet failed.",
        is_late_entry=False,
        needs_second_person=True,
        requested_by=cast.covering_therapist,
        requested_at=cast.at,
    )


def objected(cast: Cast, group: GroupSession) -> Dispute:
    return Dispute.objects.create(
        group_session=group,
        patient=cast.record_of(cast.patient),
        credited_min=154,
        text="I was there.",
        raised_by=cast.patient,
        raised_at=cast.at,
    )


def test_every_route_that_staff_open_says_whether_it_reads_attendance() -> None:
    declared = READS_ATTENDANCE | NO_ATTENDANCE
    assert sorted(set(staff_routes()) - declared) == []
    assert sorted(declared - set(access.ROUTES)) == []
    assert sorted(READS_ATTENDANCE & NO_ATTENDANCE) == []


def test_every_read_is_written_down_for_every_role_that_may_make_it(cast: Cast) -> None:
    group = example_b(cast)
    addresses = arguments(cast, group)
    ProgramMembership.objects.filter(user=cast.therapist).update(is_supervisor=True)
    silent = []
    for name, roles in staff_routes().items():
        for role in roles if name in READS_ATTENDANCE else ():
            reader: User = cast.one_of(role)
            before = AuditEvent.objects.filter(actor=reader, action__in=READS).count()
            answer = Browser(reader, cast.at).get(name, *addresses.get(name, []), **query(cast, name))
            assert answer.status_code == 200, (name, role)
            if AuditEvent.objects.filter(actor=reader, action__in=READS).count() != before + 1:
                silent.append((name, role))
    assert silent == []


def test_a_page_that_renews_itself_is_one_read_for_a_quarter_of_an_hour(cast: Cast) -> None:
    group = example_b(cast)
    browser, name = Browser(cast.therapist, cast.at), "sessions:live_roster"
    events: Callable[[], int] = AuditEvent.objects.filter(
        action=AuditAction.ATTENDANCE_VIEWED, subject_id=str(group.pk)
    ).count
    browser.get(name, group.pk)
    for minutes in (1, 5, 14):
        assert browser.later(minutes, name, group.pk, headers={}) == 200
    assert events() == 1
    browser.later(16, name, group.pk, headers={})
    assert events() == 2
    # Another person's look, and a look at another session, are reads of their own.
    Browser(cast.covering_therapist, cast.at).get(name, group.pk)
    assert events() == 3


def test_a_read_that_is_refused_leaves_no_read_behind(cast: Cast, client: Client) -> None:
    group = example_b(cast)
    client.force_login(cast.case_manager)
    assert client.get(reverse("sessions:audit", args=[group.pk])).status_code == 403
    assert not AuditEvent.objects.filter(actor=cast.case_manager, action__in=READS).exists()


def test_no_event_of_a_read_holds_what_people_wrote_or_are_called(cast: Cast) -> None:
    group = example_b(cast)
    addresses = arguments(cast, group)
    for name in READS_ATTENDANCE:
        for role in staff_routes()[name]:
            Browser(cast.one_of(role), cast.at).get(name, *addresses.get(name, []))
    words = [cast.patient.family_name, cast.patient.given_name, "Tuesday group", "The tablet failed"]
    for event in AuditEvent.objects.filter(action__in=READS):
        assert not [word for word in words if word in str(event.data)], event.data

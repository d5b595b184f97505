"""A session outside one's programs does not exist, on any page and in any file."""

from __future__ import annotations

from datetime import timedelta

import pytest

from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.programs.models import ProgramMembership
from telehealth.programs.selectors import ServiceDates
from telehealth.programs.services import add_membership
from tests.cast import Cast

from .browsing import Browser
from .stories import example_b

pytestmark = pytest.mark.django_db
READ = ("sessions:detail", "sessions:audit", "sessions:audit_csv", "sessions:evidence")
WRITE = ("sessions:move", "sessions:cancel", "sessions:roster_add")


def admin_of_the_other(cast: Cast) -> User:
    row = ProgramMembership.objects.get(program=cast.other_program, user__role="program_admin")
    return row.user


def auditor_of_the_other(cast: Cast) -> User:
    user = User.objects.create_user("ada@example.org", None, role="auditor", given_name="A", family_name="B")
    end = cast.other_program.date_at(cast.at) + timedelta(days=9)
    admin = admin_of_the_other(cast)
    sees = ServiceDates(end - timedelta(days=90), end)
    add_membership(actor=admin, program=cast.other_program, user=user, at=cast.at, ends_on=end, sees=sees)
    return user


def test_another_programs_session_is_not_found_and_leaves_no_trace(cast: Cast, settings: object) -> None:
    settings.REQUIRE_STAFF_MFA = False  # type: ignore[attr-defined]  # pytest-django's wrapper
    group = example_b(cast)
    before = AuditEvent.objects.count()
    for person in (admin_of_the_other(cast), auditor_of_the_other(cast)):
        before = AuditEvent.objects.count()
        for page in READ:
            assert Browser(person, cast.at).get(page, group.pk).status_code == 404
        assert AuditEvent.objects.count() == before


def test_another_programs_session_cannot_be_changed(cast: Cast) -> None:
    stranger = Browser(admin_of_the_other(cast), cast.at)
    pk, patient = cast.group_session.pk, cast.record_of(cast.patient).pk
    for page in WRITE:
        answer = stranger.post(
            page, pk, reason="x", day="2026-03-09", starts_at="10:10", patient=str(patient)
        )
        assert answer.status_code == 404
    assert stranger.post("sessions:roster_off", pk, patient).status_code == 404


def test_an_auditor_reads_until_the_last_day_and_nothing_after_it(cast: Cast) -> None:
    group = example_b(cast)
    ProgramMembership.objects.filter(user=cast.auditor).update(ends_on=cast.at.date())
    # Eleven at night in New York is the last day still, though not in UTC.
    tonight, after = cast.at + timedelta(hours=13), cast.at + timedelta(hours=14)
    for page in READ:
        assert Browser(cast.auditor, tonight).get(page, group.pk).status_code == 200
        assert Browser(cast.auditor, after).get(page, group.pk).status_code == 404
    text = Browser(cast.auditor, after).read("sessions:list", show="all")
    assert "Tuesday group" not in text
    assert "No sessions here." in text


def test_the_audit_is_for_administrators_and_auditors(cast: Cast) -> None:
    group = example_b(cast)
    for person in (cast.patient, cast.therapist, cast.case_manager, cast.system_admin):
        for page in READ[1:]:
            assert Browser(person, cast.at).get(page, group.pk).status_code == 403


def test_what_does_not_exist_is_not_found(cast: Cast) -> None:
    nothing = "00000000-0000-0000-0000-000000000007"
    for page in (*READ, "sessions:series", "sessions:move", "sessions:cancel"):
        assert Browser(cast.admin, cast.at).get(page, nothing).status_code == 404

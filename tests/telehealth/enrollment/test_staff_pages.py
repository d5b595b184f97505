"""The patients' pages of staff, as a browser sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.enrollment.models import ConsentDocument, Enrollment, WeeklyTarget
from telehealth.programs.selectors import ServiceDates
from telehealth.programs.services import add_membership, create_program

from .world import AT, World, person

NORA = {
    "given_name": "Nora",
    "family_name": "<script>alert(1)</script>",
    "preferred_name": "",
    "email": "nora@example.org",
    "phone": "+1 212 555 0123",
    "time_zone": "America/Los_Angeles",
    "record_number": "R-9",
    "admitted_on": "2026-11-18",
    "weekly_target": "540",
    "primary_therapist": "",
}


@pytest.fixture(autouse=True)
def _at_that_noon(settings: Any) -> Iterator[None]:
    settings.REQUIRE_STAFF_MFA = False
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    client.force_login(world.admin)
    return client


def test_enrolling_makes_the_patient_and_sends_a_neutral_letter(
    admin: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    assert admin.get(reverse("enrollment:enrol")).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(
            reverse("enrollment:enrol"),
            {**NORA, "program": str(world.program.pk), "primary_therapist": str(world.therapist.pk)},
        )
    enrollment = Enrollment.objects.get(patient__record_number="R-9")
    assert answer.headers["Location"] == reverse("enrollment:patient", args=[enrollment.patient_id])
    assert enrollment.primary_therapist == world.therapist
    assert enrollment.patient.user.time_zone == "America/Los_Angeles"
    (letter,) = mail.outbox
    assert "Harbor" not in letter.subject + letter.body
    assert "Nora" not in letter.subject + letter.body


def test_names_are_shown_as_text_and_stay_out_of_addresses(admin: Client, world: World) -> None:
    answer = admin.post(reverse("enrollment:enrol"), {**NORA, "program": str(world.program.pk)})
    for path in (answer.headers["Location"], reverse("enrollment:patients")):
        assert "nora" not in path.lower()
        content = admin.get(path).content
        assert b"&lt;script&gt;alert(1)" in content
        assert b"<script>alert(1)" not in content


def test_mistakes_keep_what_was_typed(admin: Client, world: World) -> None:
    page = admin.post(
        reverse("enrollment:enrol"), {**NORA, "program": str(world.program.pk), "record_number": "R-1"}
    )
    assert page.status_code == 200
    assert b"This record number is taken" in page.content
    assert b"nora@example.org" in page.content
    assert not User.objects.filter(email="nora@example.org").exists()


def test_patient_of_another_program_is_not_there(admin: Client, world: World) -> None:
    theirs = Enrollment.objects.get(patient=world.other_patient)
    for path in (
        reverse("enrollment:patient", args=[world.other_patient.pk]),
        reverse("enrollment:enrol_again", args=[world.other_patient.pk]),
        reverse("enrollment:target_new", args=[theirs.pk]),
        reverse("enrollment:change_state", args=[theirs.pk, "on-hold"]),
    ):
        assert admin.get(path).status_code == 404
    assert b"R-2" not in admin.get(reverse("enrollment:patients")).content


def test_case_manager_reads_and_does_not_write(world: World, client: Client) -> None:
    manager = person(Role.CASE_MANAGER, "Casey")
    add_membership(actor=world.admin, program=world.program, user=manager, at=AT)
    client.force_login(manager)
    page = client.get(reverse("enrollment:patient", args=[world.patient.pk]))
    assert page.status_code == 200
    assert b"Add a target" not in page.content
    assert b"Discharge" not in page.content
    assert client.get(reverse("enrollment:target_new", args=[world.enrollment.pk])).status_code == 403


def test_access_ends_with_the_membership(world: World, client: Client) -> None:
    auditor = person(Role.AUDITOR, "Audrey")
    last = date(2026, 11, 18)
    add_membership(
        actor=world.admin,
        program=world.program,
        user=auditor,
        ends_on=last,
        sees=ServiceDates(date(2026, 11, 1), last),
        at=AT,
    )
    client.force_login(auditor)
    path = reverse("enrollment:patient", args=[world.patient.pk])
    assert client.get(path).status_code == 200
    with time_machine.travel("2026-11-19 05:00:00+00:00", tick=False):
        client.force_login(auditor)
        assert client.get(path).status_code == 404
        assert b"do not belong to a program" in client.get(reverse("enrollment:patients")).content


def test_target_is_added_on_the_page_and_a_refusal_stays_beside_the_form(admin: Client, world: World) -> None:
    path = reverse("enrollment:target_new", args=[world.enrollment.pk])
    refused = admin.post(path, {"minutes": "360", "effective_on": "2026-11-17"})
    assert b"A target starts today or later" in refused.content
    admin.post(path, {"minutes": "360", "effective_on": "2026-12-06"})
    assert WeeklyTarget.objects.filter(enrollment=world.enrollment).count() == 2
    page = admin.get(reverse("enrollment:patient", args=[world.patient.pk])).content.decode()
    assert "December 6, 2026" in page
    assert "6 h" in page


def test_hours_of_another_level_of_care_are_added_with_a_warning(admin: Client, world: World) -> None:
    path = reverse("enrollment:target_new", args=[world.enrollment.pk])
    answer = admin.post(path, {"minutes": "1200", "effective_on": "2026-12-06"}, follow=True)
    assert b"another level of care" in answer.content


def test_state_changes_after_a_page_that_says_what_follows(admin: Client, world: World) -> None:
    path = reverse("enrollment:change_state", args=[world.enrollment.pk, "on-hold"])
    page = admin.get(path)
    assert b"cannot join any session" in page.content
    world.enrollment.refresh_from_db()
    assert world.enrollment.state == "ACTIVE"
    assert b"This field is required" in admin.post(path).content
    hold = {"reason": "Surgery", "expected_return_on": "2026-11-25"}
    admin.post(path, hold)
    world.enrollment.refresh_from_db()
    assert world.enrollment.state == "ON_HOLD"
    page = admin.get(reverse("enrollment:patient", args=[world.enrollment.patient_id])).content.decode()
    assert "since November 18, 2026, expected back on November 25, 2026" in page
    again = admin.post(path, hold)
    assert again.status_code == 200
    assert "cannot become" in again.content.decode()
    for word in ("pending", "nonsense"):
        assert (
            admin.get(reverse("enrollment:change_state", args=[world.enrollment.pk, word])).status_code == 404
        )


def test_discharge_asks_how_it_ended_and_allows_a_new_episode(admin: Client, world: World) -> None:
    path = reverse("enrollment:change_state", args=[world.enrollment.pk, "discharged"])
    assert b"This field is required" in admin.post(path, {"discharged_on": "2026-11-18"}).content
    admin.post(path, {"discharge_kind": "completed", "discharged_on": "2026-11-18"})
    world.enrollment.refresh_from_db()
    assert world.enrollment.state == "DISCHARGED"
    again = reverse("enrollment:enrol_again", args=[world.patient.pk])
    assert admin.get(again).status_code == 200
    admin.post(again, {"program": str(world.program.pk), "admitted_on": "2026-11-18", "weekly_target": "360"})
    assert Enrollment.objects.filter(patient=world.patient, state="ACTIVE").count() == 1


def test_new_program_publishes_the_standard_agreements_and_then_a_version_of_its_own(
    world: World, client: Client
) -> None:
    program = create_program(
        actor=world.system_admin, name="Willow", time_zone="America/Chicago", callback_phone="1", at=AT
    )
    admin = person(Role.PROGRAM_ADMIN, "Willa")
    add_membership(actor=world.system_admin, program=program, user=admin, at=AT)
    client.force_login(admin)
    assert b"Nobody can join a group before that" in client.get(reverse("enrollment:documents")).content
    foreign = reverse("enrollment:publish_defaults", args=[world.program.pk])
    assert client.post(foreign).status_code == 404
    client.post(reverse("enrollment:publish_defaults", args=[program.pk]))
    assert ConsentDocument.objects.filter(program=program).count() == 3
    client.post(
        reverse("enrollment:document_new"),
        {
            "program": str(program.pk),
            "kind": "treatment",
            "title": "Our own",
            "body": "1. One\r\n\r\n<i>Two</i>",
            "valid_days": "",
            "requires_resigning": "on",
        },
    )
    document = ConsentDocument.objects.get(program=program, kind="treatment", version=2)
    page = client.get(reverse("enrollment:document", args=[document.pk])).content
    assert b"<h3>1. One</h3>" in page
    assert b"&lt;i&gt;Two&lt;/i&gt;" in page
    theirs = ConsentDocument.objects.filter(program=world.program).first()
    assert theirs is not None
    assert client.get(reverse("enrollment:document", args=[theirs.pk])).status_code == 404

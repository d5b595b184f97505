"""The staff pages and the page behind an invitation, as a browser sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.programs.models import Invitation, Program, ProgramMembership
from tests.telehealth.enrollment.world import AT, PASSWORD, World

NINA = {
    "role": "therapist",
    "given_name": "Nina",
    "family_name": "<b>Novak</b>",
    "email": "nina@example.org",
    "phone": "",
    "credential": "LCSW",
    "ends_on": "",
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


def invited(admin: Client, world: World, commit: Any) -> str:
    """Invite Nina through the page and give the path of the link in her letter."""
    with commit(execute=True):
        answer = admin.post(reverse("programs:invite"), {**NINA, "program": str(world.program.pk)})
    assert answer.status_code == 302, answer.content
    body = mail.outbox[-1].body
    return next(word for word in body.split() if "/invitations/" in word).removeprefix(
        "http://127.0.0.1:8000"
    )


def test_invite_accept_and_sign_in(
    admin: Client, world: World, django_capture_on_commit_callbacks: Any, client: Client
) -> None:
    path = invited(admin, world, django_capture_on_commit_callbacks)
    assert b"Invited" in admin.get(reverse("programs:people")).content
    stranger = Client()
    assert stranger.get(path).status_code == 200
    weak = stranger.post(path, {"password": "short", "password_again": "short"})
    assert b"too short" in weak.content
    differ = stranger.post(path, {"password": PASSWORD, "password_again": "x"})
    assert b"The two passwords differ" in differ.content
    done = stranger.post(path, {"password": PASSWORD, "password_again": PASSWORD})
    assert done.headers["Location"] == reverse("account_login")
    signed_in = stranger.post(done.headers["Location"], {"login": "nina@example.org", "password": PASSWORD})
    assert signed_in.status_code == 302
    again = stranger.get(path)
    assert again.status_code == 410
    assert b"has been used" in again.content


def test_names_are_shown_as_text_and_never_as_markup(
    admin: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    invited(admin, world, django_capture_on_commit_callbacks)
    pages = [admin.get(reverse("programs:people")).content]
    row = Invitation.objects.get(user__email="nina@example.org")
    pages.append(admin.get(reverse("programs:resend_invitation", args=[row.pk])).content)
    for page in pages:
        assert b"&lt;b&gt;Novak" in page
        assert b"<b>Novak" not in page


def test_dead_links_say_what_to_do(
    admin: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    path = invited(admin, world, django_capture_on_commit_callbacks)
    stranger = Client()
    unknown = stranger.get(reverse("programs:accept_invitation", args=["nonsense"]))
    assert unknown.status_code == 404
    assert b"ask the person who invited you" in unknown.content
    with time_machine.travel(AT + timedelta(days=8), tick=False):
        late = stranger.get(path)
    assert late.status_code == 410
    assert b"has run out" in late.content
    row = Invitation.objects.get(user__email="nina@example.org")
    admin.post(reverse("programs:revoke_invitation", args=[row.pk]))
    withdrawn = stranger.post(path, {"password": PASSWORD, "password_again": PASSWORD})
    assert withdrawn.status_code == 410
    assert not User.objects.get(email="nina@example.org").is_active


def test_somebody_elses_login_ends_when_an_invitation_is_accepted(
    admin: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    path = invited(admin, world, django_capture_on_commit_callbacks)
    admin.post(path, {"password": PASSWORD, "password_again": PASSWORD})
    assert admin.get(reverse("programs:people")).status_code == 302


def test_asking_first_changes_nothing_until_it_is_confirmed(
    admin: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    invited(admin, world, django_capture_on_commit_callbacks)
    row = Invitation.objects.get(user__email="nina@example.org")
    membership = ProgramMembership.objects.get(user=world.therapist)
    for name, pk in (
        ("resend_invitation", row.pk),
        ("revoke_invitation", row.pk),
        ("end_membership", membership.pk),
    ):
        assert admin.get(reverse(f"programs:{name}", args=[pk])).status_code == 200
    row.refresh_from_db()
    membership.refresh_from_db()
    assert row.revoked_at is None
    assert membership.ends_on is None
    assert admin.post(reverse("programs:end_membership", args=[membership.pk])).status_code == 302
    membership.refresh_from_db()
    assert membership.ends_on is not None


def test_things_of_another_program_are_not_there(admin: Client, world: World) -> None:
    theirs = ProgramMembership.objects.get(user=world.other_admin)
    for name, pk in (("end_membership", theirs.pk), ("resend_invitation", uuid4())):
        assert admin.get(reverse(f"programs:{name}", args=[pk])).status_code == 404
        assert admin.post(reverse(f"programs:{name}", args=[pk])).status_code == 404
    assert b"olga@example.org" not in admin.get(reverse("programs:people")).content


def test_program_that_is_not_ones_own_cannot_be_chosen(admin: Client, world: World) -> None:
    answer = admin.post(reverse("programs:invite"), {**NINA, "program": str(world.other_program.pk)})
    assert answer.status_code == 200
    assert not User.objects.filter(email="nina@example.org").exists()


def test_mistakes_are_shown_beside_their_fields(admin: Client, world: World) -> None:
    page = admin.post(
        reverse("programs:invite"),
        {**NINA, "program": str(world.program.pk), "role": "auditor", "email": world.user.email},
    )
    assert page.context["form"].errors.keys() == {"ends_on", "sees_from", "sees_until"}
    page = admin.post(
        reverse("programs:invite"), {**NINA, "program": str(world.program.pk), "email": world.user.email}
    )
    assert page.context["form"].errors.keys() == {"email"}


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_way_back_never_leaves_the_site(
    admin: Client, world: World, django_capture_on_commit_callbacks: Any, path: str
) -> None:
    invited(admin, world, django_capture_on_commit_callbacks)
    row = Invitation.objects.get(user__email="nina@example.org")
    url = reverse("programs:resend_invitation", args=[row.pk])
    assert b"evil" not in admin.get(url, {"next": path}).content
    answer = admin.post(url, {"next": path})
    assert answer.headers["Location"] == reverse("programs:people")


def test_system_administrator_sets_up_a_program_and_invites_its_administrator(
    world: World, client: Client
) -> None:
    client.force_login(world.system_admin)
    answer = client.post(
        reverse("programs:program_new"),
        {
            "name": "Willow",
            "time_zone": "America/Chicago",
            "week_start": "SUN",
            "callback_phone": "+1 312 555 0100",
            "part2_covered": "on",
        },
    )
    assert answer.headers["Location"] == reverse("programs:invite")
    willow = Program.objects.get(name="Willow")
    page = client.get(reverse("programs:invite"))
    assert [value for value, _ in page.context["form"].fields["role"].choices] == ["program_admin"]
    client.post(reverse("programs:invite"), {**NINA, "role": "program_admin", "program": str(willow.pk)})
    assert ProgramMembership.objects.get(program=willow).user.email == "nina@example.org"


def test_denied_act_is_written_down(admin: Client, world: World) -> None:
    own = ProgramMembership.objects.get(user=world.admin)
    answer = admin.post(reverse("programs:end_membership", args=[own.pk]))
    assert answer.status_code == 403
    assert b"You cannot end your own access" in answer.content
    assert AuditEvent.objects.filter(action="access.denied", data__reason="own_membership").exists()

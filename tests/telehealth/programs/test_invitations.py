"""Invitations: one use, seven days, only the hash stored, and letters that say nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError, NotFound
from telehealth.programs.mail import send_invitation
from telehealth.programs.models import Invitation, InvitationState, ProgramMembership
from telehealth.programs.people import Person
from telehealth.programs.selectors import ServiceDates, people_of
from telehealth.programs.services import (
    accept_invitation,
    invite_person,
    resend_invitation,
    revoke_invitation,
)
from tests.telehealth.enrollment.world import AT, PASSWORD, World

NINA = Person(email=" Nina@Example.org ", given_name="Nina", family_name="Novak", credential="LCSW")


def invite(world: World, role: Role = Role.THERAPIST, **changes: object) -> tuple[Invitation, str]:
    values = {"actor": world.admin, "program": world.program, "person": NINA, "role": role, "at": AT}
    return invite_person(**{**values, **changes})  # type: ignore[arg-type]


def test_invited_person_cannot_sign_in_until_the_password_is_set(world: World) -> None:
    invitation, token = invite(world)
    user = User.objects.get(email="nina@example.org")
    assert not user.is_active
    assert not user.has_usable_password()
    assert invitation.expires_at == AT + timedelta(days=7)
    assert accept_invitation(token=token, password=PASSWORD, at=AT) == user
    user.refresh_from_db()
    assert user.is_active
    assert user.check_password(PASSWORD)
    assert [event.action for event in AuditEvent.objects.order_by("seq")][-3:] == [
        "program.membership_added",
        "program.invitation_sent",
        "program.invitation_accepted",
    ]


def test_only_the_hash_of_the_secret_is_stored(world: World) -> None:
    invitation, token = invite(world)
    stored = " ".join(str(value) for row in Invitation.objects.values() for value in row.values())
    trail = " ".join(f"{event.subject_id} {event.data}" for event in AuditEvent.objects.all())
    assert len(token) >= 43
    assert token not in stored + trail
    assert "nina" not in trail.lower()
    assert len(invitation.token_hash) == 64


def test_link_works_once(world: World) -> None:
    _, token = invite(world)
    accept_invitation(token=token, password=PASSWORD, at=AT)
    with pytest.raises(Conflict) as caught:
        accept_invitation(token=token, password="another-long-password", at=AT)
    assert caught.value.error == "invitation_accepted"
    assert User.objects.get(email="nina@example.org").check_password(PASSWORD)


@pytest.mark.parametrize(
    ("after", "works"), [(timedelta(days=7, seconds=-1), True), (timedelta(days=7), False)]
)
def test_link_works_for_seven_days(world: World, after: timedelta, works: bool) -> None:
    _, token = invite(world)
    if works:
        accept_invitation(token=token, password=PASSWORD, at=AT + after)
        return
    with pytest.raises(Conflict) as caught:
        accept_invitation(token=token, password=PASSWORD, at=AT + after)
    assert caught.value.error == "invitation_expired"


def test_wrong_link_is_not_found(world: World) -> None:
    invite(world)
    with pytest.raises(NotFound):
        accept_invitation(token="guess", password=PASSWORD, at=AT)


@pytest.mark.parametrize("password", ["short", "qwerty123456", "nina@example.org", ""])
def test_weak_password_leaves_the_link_open(world: World, password: str) -> None:
    invitation, token = invite(world)
    with pytest.raises(DomainError) as caught:
        accept_invitation(token=token, password=password, at=AT)
    assert caught.value.error == "password_refused"
    invitation.refresh_from_db()
    assert invitation.state_at(AT) is InvitationState.PENDING


def test_new_link_replaces_the_old_one(world: World) -> None:
    invitation, old = invite(world)
    _, new = resend_invitation(actor=world.admin, invitation=invitation, at=AT)
    with pytest.raises(Conflict) as caught:
        accept_invitation(token=old, password=PASSWORD, at=AT)
    assert caught.value.error == "invitation_revoked"
    accept_invitation(token=new, password=PASSWORD, at=AT)
    with pytest.raises(Conflict):
        resend_invitation(actor=world.admin, invitation=invitation, at=AT)


def test_withdrawn_link_is_dead_and_can_be_replaced(world: World) -> None:
    invitation, token = invite(world)
    revoke_invitation(actor=world.admin, invitation=invitation, at=AT)
    with pytest.raises(Conflict):
        accept_invitation(token=token, password=PASSWORD, at=AT)
    _, new = resend_invitation(actor=world.admin, invitation=invitation, at=AT)
    accept_invitation(token=new, password=PASSWORD, at=AT)
    newest = Invitation.objects.order_by("pk").filter(accepted_at__isnull=False).get()
    with pytest.raises(Conflict):
        revoke_invitation(actor=world.admin, invitation=newest, at=AT)


def test_address_in_use_is_refused_without_saying_whose_it_is(world: World) -> None:
    taken = Person(email=world.other_patient.user.email.upper(), given_name="A", family_name="B")
    with pytest.raises(Conflict) as caught:
        invite(world, person=taken)
    assert caught.value.error == "email_unavailable"
    assert "account" not in caught.value.text


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.PATIENT])
def test_administrator_cannot_hand_out_roles_above_or_beside_the_program(world: World, role: Role) -> None:
    with pytest.raises(Denied):
        invite(world, role)
    assert not User.objects.filter(email="nina@example.org").exists()


def test_nobody_but_the_programs_administrator_invites(world: World) -> None:
    for actor in (world.therapist, world.user, world.other_admin, world.system_admin):
        with pytest.raises(Denied):
            invite(world, actor=actor)
    invite(world, Role.PROGRAM_ADMIN, actor=world.system_admin)


def test_auditor_needs_a_last_day_and_service_dates(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        invite(world, Role.AUDITOR)
    assert caught.value.error == "auditor_needs_end"
    last = AT.date() + timedelta(days=14)
    with pytest.raises(DomainError) as caught:
        invite(world, Role.AUDITOR, ends_on=last)
    assert caught.value.error == "auditor_needs_dates"
    with pytest.raises(DomainError) as caught:
        invite(world, Role.AUDITOR, ends_on=last, sees=ServiceDates(last, last - timedelta(days=1)))
    assert caught.value.error == "dates_out_of_order"
    invite(world, Role.AUDITOR, ends_on=last, sees=ServiceDates(last - timedelta(days=90), last))
    seat = ProgramMembership.objects.get(user__email="nina@example.org")
    assert (seat.ends_on, seat.sees_from, seat.sees_until) == (last, last - timedelta(days=90), last)


def test_letter_names_neither_program_nor_role_nor_person(
    world: World, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        _, token = invite(world, deliver=send_invitation)
    (letter,) = mail.outbox
    text = f"{letter.subject}\n{letter.body}"
    assert letter.to == ["nina@example.org"]
    assert f"/invitations/{token}/" in text
    for word in ("Harbor", "Nina", "Novak", "therap", "IOP", "recovery", "treatment", "patient", "program"):
        assert word.lower() not in text.lower().replace(token.lower(), "")


def test_people_list_knows_where_each_invitation_stands(world: World) -> None:
    invite(world)
    rows = {row.user.email: row for row in people_of(world.admin, AT)}
    assert set(rows) == {world.admin.email, world.therapist.email, "nina@example.org"}
    assert rows["nina@example.org"].invitation_state is InvitationState.PENDING
    assert rows["nina@example.org"].can_be_withdrawn
    later = {row.user.email: row for row in people_of(world.admin, AT + timedelta(days=8))}
    assert later["nina@example.org"].invitation_state is InvitationState.EXPIRED
    assert later["nina@example.org"].can_be_invited_again


def test_letter_that_cannot_be_sent_breaks_nothing_and_names_nobody_in_the_log(
    world: World,
    settings: object,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: object,
) -> None:
    settings.EMAIL_BACKEND = "tests.telehealth.programs.broken_mail.Backend"  # type: ignore[attr-defined]
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        invite(world, deliver=send_invitation)
    assert [record.getMessage() for record in caplog.records] == ["invitation.mail_failed"]
    assert "nina" not in caplog.text.lower()
    assert Invitation.objects.filter(user__email="nina@example.org").exists()

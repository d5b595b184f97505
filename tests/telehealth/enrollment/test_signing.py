"""Signing and taking back: the exact bytes, the newest version, one's own patient; the evidence stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError, NotFound
from telehealth.enrollment import events, selectors
from telehealth.enrollment.consent_rules import text_sha256
from telehealth.enrollment.gates import AgreementState, JoinDenial, join_gate
from telehealth.enrollment.models import ConsentDocument, ConsentKind, ConsentSignature
from telehealth.enrollment.services import (
    publish_default_agreements,
    publish_document,
    revoke_signature,
    sign_document,
)

from .world import AT, World

LATER = AT + timedelta(hours=1)


def newest(world: World, kind: ConsentKind) -> ConsentDocument:
    return ConsentDocument.objects.filter(program=world.program, kind=kind).order_by("-version")[0]


def sign(world: World, kind: ConsentKind, **changes: object) -> ConsentSignature:
    document = newest(world, kind)
    values = {
        "actor": world.user,
        "patient": world.patient,
        "document": document,
        "shown_sha256": document.sha256,
        "printed_name": "Paula Example",
        "at": AT,
        "ip": "192.0.2.7",
        "user_agent": "Browser/1.0",
    }
    return sign_document(**{**values, **changes})  # type: ignore[arg-type]


def state_of(world: World, kind: ConsentKind, at: object = AT) -> AgreementState:
    return selectors.agreement_standings(world.patient, world.program, at)[kind].state  # type: ignore[arg-type]


def test_signature_keeps_what_was_shown_and_how(world: World) -> None:
    signature = sign(world, ConsentKind.TREATMENT, user_agent="x" * 900)
    signature.refresh_from_db()
    document = signature.document
    assert signature.document_sha256 == document.sha256 == text_sha256(document.title, document.body)
    assert (signature.capacity, signature.printed_name, signature.ip_address) == (
        "self",
        "Paula Example",
        "192.0.2.7",
    )
    assert signature.signed_at == AT
    assert len(signature.user_agent) == 400
    assert state_of(world, ConsentKind.TREATMENT) is AgreementState.SIGNED
    event = AuditEvent.objects.get(action="consent.document_signed")
    assert event.subject_id == str(signature.pk)
    assert "Paula" not in str(event.data)


def test_text_other_than_the_one_shown_is_refused(world: World) -> None:
    for shown in ("", "0" * 64, "é"):
        with pytest.raises(Conflict) as caught:
            sign(world, ConsentKind.TREATMENT, shown_sha256=shown)
        assert caught.value.error == "text_changed"
    assert not ConsentSignature.objects.exists()


def test_older_version_cannot_be_signed_any_more(world: World) -> None:
    old = newest(world, ConsentKind.TREATMENT)
    publish_document(
        actor=world.admin, program=world.program, kind=ConsentKind.TREATMENT, title="New", body="Text", at=AT
    )
    with pytest.raises(Conflict) as caught:
        sign(world, ConsentKind.TREATMENT, document=old, shown_sha256=old.sha256)
    assert caught.value.error == "not_newest_version"


def test_nobody_signs_for_another_patient(world: World) -> None:
    for actor in (world.admin, world.therapist, world.other_patient.user):
        with pytest.raises(Denied):
            sign(world, ConsentKind.TREATMENT, actor=actor)


def test_another_programs_document_does_not_exist_for_the_patient(world: World) -> None:
    theirs = ConsentDocument.objects.get(program=world.other_program, kind=ConsentKind.TREATMENT)
    with pytest.raises(NotFound):
        sign(world, ConsentKind.TREATMENT, document=theirs, shown_sha256=theirs.sha256)


def test_blank_name_is_no_signature(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        sign(world, ConsentKind.TREATMENT, printed_name="  ")
    assert caught.value.error == "name_missing"


def test_signing_twice_gives_the_first_signature_back(world: World) -> None:
    first = sign(world, ConsentKind.TREATMENT)
    assert sign(world, ConsentKind.TREATMENT, at=LATER) == first
    assert ConsentSignature.objects.count() == 1


def test_agreement_that_soon_runs_out_can_be_renewed(world: World) -> None:
    first = sign(world, ConsentKind.TELEHEALTH)
    renewed = sign(world, ConsentKind.TELEHEALTH, at=AT + timedelta(days=340))
    assert renewed != first
    assert state_of(world, ConsentKind.TELEHEALTH, AT + timedelta(days=400)) is AgreementState.SIGNED


def test_gate_follows_what_the_patient_signs(world: World) -> None:
    seen = []
    for kind in (*ConsentKind, None):
        facts = selectors.join_gate_facts(
            patient=world.patient, program=world.program, on_roster=True, is_group=True, at=AT
        )
        seen.append(join_gate(facts).reason)
        if kind is not None:
            sign(world, kind)
    assert seen == [
        JoinDenial.TREATMENT_MISSING,
        JoinDenial.TELEHEALTH_MISSING,
        JoinDenial.GROUP_CONFIDENTIALITY_MISSING,
        None,
    ]


def test_version_that_requires_it_sends_the_patient_to_sign_again(world: World) -> None:
    sign(world, ConsentKind.TREATMENT)
    new = publish_document(
        actor=world.admin,
        program=world.program,
        kind=ConsentKind.TREATMENT,
        title="New",
        body="Text",
        at=LATER,
        requires_resigning=True,
    )
    assert new.version == 2
    assert state_of(world, ConsentKind.TREATMENT, LATER) is AgreementState.SUPERSEDED
    assert selectors.agreements_needed(world.patient, world.program, LATER)[0] == new
    sign(world, ConsentKind.TREATMENT, at=LATER)
    assert state_of(world, ConsentKind.TREATMENT, LATER) is AgreementState.SIGNED


def test_telehealth_consent_runs_out_after_its_days(world: World) -> None:
    sign(world, ConsentKind.TELEHEALTH)
    assert state_of(world, ConsentKind.TELEHEALTH, AT + timedelta(days=364)) is AgreementState.SIGNED
    assert state_of(world, ConsentKind.TELEHEALTH, AT + timedelta(days=365)) is AgreementState.EXPIRED


def test_taking_back_ends_it_tells_the_session_and_keeps_the_signature(
    world: World, django_capture_on_commit_callbacks: object
) -> None:
    heard: list[dict[str, object]] = []

    def listen(sender: object, **payload: object) -> None:
        heard.append(payload)

    signature = sign(world, ConsentKind.TELEHEALTH)
    events.consent_revoked.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            revoke_signature(actor=world.user, signature=signature, at=LATER)
    finally:
        events.consent_revoked.disconnect(listen)
    assert state_of(world, ConsentKind.TELEHEALTH, LATER) is AgreementState.REVOKED
    assert state_of(world, ConsentKind.TELEHEALTH, AT) is AgreementState.SIGNED
    assert ConsentSignature.objects.filter(pk=signature.pk).exists()
    assert AuditEvent.objects.filter(action="consent.signature_revoked").count() == 1
    assert len(heard) == 1
    assert heard[0]["user_id"] == world.user.pk
    assert heard[0]["at"] == LATER
    with pytest.raises(Conflict):
        revoke_signature(actor=world.user, signature=signature, at=LATER)


def test_only_the_patient_takes_an_agreement_back(world: World) -> None:
    signature = sign(world, ConsentKind.TREATMENT)
    for actor in (world.admin, world.other_patient.user):
        with pytest.raises(Denied):
            revoke_signature(actor=actor, signature=signature, at=LATER)


def test_old_signature_cannot_be_taken_back_in_place_of_the_current_one(world: World) -> None:
    first = sign(world, ConsentKind.TELEHEALTH)
    later = AT + timedelta(days=340)
    sign(world, ConsentKind.TELEHEALTH, at=later)
    with pytest.raises(Conflict) as caught:
        revoke_signature(actor=world.user, signature=first, at=later)
    assert caught.value.error == "not_current"


def test_only_those_who_run_the_program_publish(world: World) -> None:
    for actor in (world.user, world.therapist, world.other_admin):
        with pytest.raises(Denied):
            publish_document(
                actor=actor, program=world.program, kind=ConsentKind.TREATMENT, title="T", body="B", at=AT
            )


def test_published_bytes_survive_a_windows_form(world: World) -> None:
    document = publish_document(
        actor=world.admin,
        program=world.program,
        kind=ConsentKind.TREATMENT,
        title="  A  title ",
        body="one  \r\n\r\ntwo\r\n",
        at=AT,
    )
    assert (document.title, document.body) == ("A title", "one\n\ntwo")
    assert document.sha256 == text_sha256("A title", "one\n\ntwo")


def test_default_texts_name_the_program_and_are_published_once(world: World) -> None:
    documents = ConsentDocument.objects.filter(program=world.program)
    assert {row.kind for row in documents} == set(ConsentKind.values)
    for row in documents:
        assert "[" not in row.body
        assert world.program.name in row.body
        assert world.program.callback_phone in row.body
    assert newest(world, ConsentKind.TELEHEALTH).valid_days == 365
    assert publish_default_agreements(actor=world.admin, program=world.program, at=LATER) == []


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_database_refuses_to_change_what_was_signed(world: World, verb: str) -> None:
    signature = sign(world, ConsentKind.TREATMENT)
    revoke_signature(actor=world.user, signature=signature, at=LATER)
    rows = {
        "enrollment_consentdocument": "title",
        "enrollment_consentsignature": "printed_name",
        "enrollment_consentrevocation": "revoked_at",
        "enrollment_weeklytarget": "minutes",
        "programs_creditterms": "name",
    }
    from django.db import connection

    for table, column in rows.items():
        statement = f"UPDATE {table} SET {column} = {column}" if verb == "update" else f"DELETE FROM {table}"  # noqa: S608
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_enrollment_outside_its_dates_is_not_in_force(world: World) -> None:
    def in_force(at: object) -> bool:
        return selectors.enrollment_in_force(world.patient, world.program, at) is not None  # type: ignore[arg-type]

    assert in_force(AT)
    # October 1 begins at 04:00 UTC in New York.
    start = AT.replace(month=10, day=1, hour=4)
    assert in_force(start)
    assert not in_force(start - timedelta(seconds=1))
    assert selectors.enrollment_in_force(world.patient, world.other_program, AT) is None


def test_facts_are_values_of_the_instant(world: World) -> None:
    facts = selectors.join_gate_facts(
        patient=world.patient, program=world.program, on_roster=False, is_group=False, at=AT
    )
    assert join_gate(facts).reason is JoinDenial.NOT_ON_ROSTER
    assert join_gate(replace(facts, on_roster=True)).reason is JoinDenial.TREATMENT_MISSING
    assert isinstance(world.user, User)

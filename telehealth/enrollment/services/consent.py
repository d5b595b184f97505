"""Publish a version of an agreement, sign it, take the signature back. Rows are added, never changed."""

from __future__ import annotations

import hmac
from datetime import datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock
from telehealth.programs.models import Program

from .. import events, selectors
from ..consent_rules import text_sha256
from ..gates import AgreementState
from ..models import ConsentDocument, ConsentKind, ConsentRevocation, ConsentSignature, Patient
from ..policies import can_publish_documents, can_sign_for

MAX_USER_AGENT = 400


def publish_document(
    *,
    actor: User,
    program: Program,
    kind: ConsentKind,
    title: str,
    body: str,
    at: datetime,
    language: str = "en",
    valid_days: int | None = None,
    requires_resigning: bool = False,
) -> ConsentDocument:
    """Put up the next version of an agreement. What is stored is what is hashed and shown, byte for byte."""
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_publish_documents(actor, program, at).require()
        title, body = " ".join(title.split()), _plain(body)
        if not title or not body:
            raise DomainError("empty_document", "An agreement needs a title and a text.")
        if valid_days is not None and valid_days < 1:
            raise DomainError("bad_validity", "An agreement is good for at least one day.")
        earlier = ConsentDocument.objects.filter(program=program, kind=kind, language=language)
        newest = earlier.order_by("-version").first()
        document = ConsentDocument.objects.create(
            program=program,
            kind=kind,
            version=1 if newest is None else newest.version + 1,
            language=language,
            title=title,
            body=body,
            sha256=text_sha256(title, body),
            published_at=at,
            valid_days=valid_days,
            requires_resigning=requires_resigning,
        )
        audit.record(
            audit.AuditAction.DOCUMENT_PUBLISHED,
            actor=actor,
            subject=document,
            at=at,
            data={
                "program": str(program.pk),
                "kind": kind.value,
                "version": document.version,
                "sha256": document.sha256,
            },
        )
    return document


def sign_document(
    *,
    actor: User,
    patient: Patient,
    document: ConsentDocument,
    shown_sha256: str,
    printed_name: str,
    at: datetime,
    ip: str | None,
    user_agent: str,
) -> ConsentSignature:
    """Sign the newest version, as shown. Signing twice gives the first signature back."""
    with transaction.atomic():
        # Two taps on the button wait for each other here.
        patient = lock(Patient.objects.select_related("user"), patient.pk)
        can_sign_for(actor, patient).require()
        document = selectors.get_document_for(actor, document.pk, at)
        rows = selectors.agreements_of(patient, document.program, at, document.language)
        row = next(row for row in rows if row.kind == document.kind)
        if row.document is None or row.document.pk != document.pk:
            raise Conflict(
                "not_newest_version", "There is a newer version of this agreement. Please read that one."
            )
        if not hmac.compare_digest(
            shown_sha256.encode(), document.sha256.encode()
        ) or document.sha256 != text_sha256(document.title, document.body):
            raise Conflict(
                "text_changed", "The text is not the one you were shown. Please open it again and read it."
            )
        name = " ".join(printed_name.split())
        if len(name) < 2:
            raise DomainError("name_missing", "Type your full name to sign.")
        if row.signature is not None and row.signature.document_id == document.pk and not row.may_be_signed:
            return row.signature
        signature = ConsentSignature.objects.create(
            patient=patient,
            document=document,
            document_sha256=document.sha256,
            signed_by=actor,
            capacity="self",
            printed_name=name[:160],
            signed_at=at,
            ip_address=ip,
            user_agent=user_agent[:MAX_USER_AGENT],
        )
        audit.record(
            audit.AuditAction.DOCUMENT_SIGNED,
            actor=actor,
            subject=signature,
            at=at,
            data={
                "patient": str(patient.pk),
                "document": str(document.pk),
                "kind": document.kind,
                "version": document.version,
                "sha256": document.sha256,
            },
        )
        events.consent_signed.send_on_commit(
            patient_id=patient.pk, user_id=actor.pk, program_id=document.program_id, kind=document.kind, at=at
        )
    return signature


def revoke_signature(*, actor: User, signature: ConsentSignature, at: datetime) -> ConsentRevocation:
    """Take an agreement back from this instant on; the signature stays as evidence for the time before."""
    with transaction.atomic():
        patient = lock(Patient.objects.select_related("user"), signature.patient_id)
        can_sign_for(actor, patient).require()
        page = selectors.get_signature_for(actor, signature.pk, at)
        if page.revoked_at is not None:
            raise Conflict("already_revoked", "You have already taken this agreement back.")
        standing = selectors.agreement_standings(patient, page.program, at)[ConsentKind(page.document.kind)]
        if standing.signature_id != page.signature.pk or standing.state is AgreementState.REVOKED:
            raise Conflict(
                "not_current",
                "You signed this agreement again later. Take back the newer signature in your list.",
            )
        revocation = ConsentRevocation.objects.create(
            signature=page.signature, revoked_by=actor, revoked_at=at
        )
        audit.record(
            audit.AuditAction.SIGNATURE_REVOKED,
            actor=actor,
            subject=page.signature,
            at=at,
            data={"patient": str(patient.pk), "document": str(page.document.pk), "kind": page.document.kind},
        )
        events.consent_revoked.send_on_commit(
            patient_id=patient.pk,
            user_id=patient.user_id,
            program_id=page.program.pk,
            kind=page.document.kind,
            at=at,
        )
    return revocation


def _plain(body: str) -> str:
    """Give the text with one kind of line end and no blanks at the ends, so that its bytes survive a form."""
    return "\n".join(
        line.rstrip() for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ).strip()

"""Where a patient's agreements stand, and which text to show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from telehealth.programs.models import Program

from ..consent_rules import (
    Block,
    SignatureFact,
    Standing,
    VersionFact,
    newest_version,
    shown_text,
    standing,
    text_blocks,
)
from ..gates import AgreementState
from ..models import ConsentDocument, ConsentKind, ConsentSignature, Enrollment, EnrollmentState, Patient

Standings = dict[ConsentKind, Standing]


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One agreement as a list shows it: the version to read now, the standing, and what was signed."""

    kind: ConsentKind
    program: Program
    document: ConsentDocument | None
    standing: Standing
    signature: ConsentSignature | None
    may_be_signed: bool

    @property
    def state(self) -> AgreementState:
        """Give the state the list shows."""
        return self.standing.state

    @property
    def is_in_force(self) -> bool:
        """Say whether the agreement counts now, and so whether it can be taken back."""
        return self.state is AgreementState.SIGNED


@dataclass(frozen=True, slots=True)
class SignaturePage:
    """A signed agreement with the text it was given under."""

    signature: ConsentSignature
    document: ConsentDocument
    program: Program
    revoked_at: datetime | None
    is_in_force: bool

    @property
    def blocks(self) -> list[Block]:
        """Give the text in headings and paragraphs."""
        return text_blocks(self.document.body)

    @property
    def file_name(self) -> str:
        """Name the copy; the name says nothing about the person."""
        return f"agreement-{self.document.kind.replace('_', '-')}-v{self.document.version}.txt"

    @property
    def copy(self) -> str:
        """Give the exact text that was signed, and below a line what is known about the signature."""
        lines = [
            f"Signed by: {self.signature.printed_name}",
            f"Signed at: {self.signature.signed_at:%Y-%m-%d %H:%M:%S} UTC",
            f"Version: {self.document.version}",
            f"Signature: {self.signature.pk}",
            f"SHA-256 of the text above the line: {self.signature.document_sha256}",
        ]
        if self.revoked_at is not None:
            lines.append(f"Taken back at: {self.revoked_at:%Y-%m-%d %H:%M:%S} UTC")
        return (
            f"{shown_text(self.document.title, self.document.body)}\n{'-' * 72}\n" + "\n".join(lines) + "\n"
        )


@dataclass(frozen=True, slots=True)
class SignPage:
    """A document as it is shown for signing; `signature_id` is set while nothing needs to be signed."""

    patient: Patient
    document: ConsentDocument
    newest_id: UUID
    signature_id: UUID | None
    left: int

    @property
    def is_newest(self) -> bool:
        """Say whether this is the version to read."""
        return self.document.pk == self.newest_id

    @property
    def blocks(self) -> list[Block]:
        """Give the text in headings and paragraphs."""
        return text_blocks(self.document.body)


def agreement_standings(patient: Patient, program: Program, at: datetime) -> Standings:
    """Judge every kind of agreement of a patient in a program; two queries."""
    return standings_by_pair([(patient.pk, program)], at)[patient.pk, program.pk]


def standings_by_pair(
    pairs: Iterable[tuple[UUID, Program]], at: datetime
) -> Mapping[tuple[UUID, UUID], Standings]:
    """Judge the agreements of many patients at once; two queries whatever their number."""
    wanted = list(pairs)
    versions: dict[tuple[UUID, str], list[VersionFact]] = defaultdict(list)
    home: dict[UUID, tuple[UUID, str]] = {}
    for row in ConsentDocument.objects.filter(program__in={program.pk for _, program in wanted}).defer(
        "body"
    ):
        versions[row.program_id, row.kind].append(_version(row))
        home[row.pk] = (row.program_id, row.kind)
    given: dict[tuple[UUID, UUID, str], list[SignatureFact]] = defaultdict(list)
    signatures = ConsentSignature.objects.filter(
        patient__in={pk for pk, _ in wanted}, document__in=list(home)
    )
    for patient_id, pk, document_id, signed_at, revoked_at in signatures.values_list(
        "patient_id", "pk", "document_id", "signed_at", "revocation__revoked_at"
    ):
        program_id, kind = home[document_id]
        given[patient_id, program_id, kind].append(SignatureFact(pk, document_id, signed_at, revoked_at))
    return {
        (patient_id, program.pk): {
            kind: standing(
                versions[program.pk, kind.value],
                given[patient_id, program.pk, kind.value],
                at=at,
                zone=program.zone,
            )
            for kind in ConsentKind
        }
        for patient_id, program in wanted
    }


def agreement_states(
    patient_ids: Iterable[UUID], program: Program, at: datetime
) -> dict[UUID, dict[ConsentKind, AgreementState]]:
    """Judge every agreement of many patients of a program, for the join gate; two queries."""
    found = standings_by_pair([(pk, program) for pk in patient_ids], at)
    return {pk: {kind: one.state for kind, one in standings.items()} for (pk, _), standings in found.items()}


def agreements_of(
    patient: Patient, program: Program, at: datetime, language: str = "en"
) -> list[AgreementRow]:
    """List the agreements of a patient in a program, in the order of the gate."""
    standings = agreement_standings(patient, program, at)
    newest = _newest_documents(program, at, language)
    ids = [item.signature_id for item in standings.values() if item.signature_id is not None]
    signatures = (
        ConsentSignature.objects.filter(pk__in=ids).select_related("document", "revocation").in_bulk()
    )
    today = program.date_at(at)
    return [
        AgreementRow(
            kind=kind,
            program=program,
            document=newest.get(kind),
            standing=found,
            signature=signatures.get(found.signature_id) if found.signature_id else None,
            may_be_signed=kind in newest and found.may_be_signed(today),
        )
        for kind, found in standings.items()
    ]


def agreements_needed(
    patient: Patient, program: Program, at: datetime, language: str = "en"
) -> list[ConsentDocument]:
    """List the documents the patient has to sign before joining a group, in the order of the gate."""
    return [
        row.document
        for row in agreements_of(patient, program, at, language)
        if row.document is not None and row.state.can_be_signed
    ]


def my_agreements(user: User, at: datetime) -> list[AgreementRow]:
    """List the account's own agreements in every program of an open episode."""
    patient = Patient.objects.filter(user=user).first()
    if patient is None:
        return []
    return [row for program in _open_programs(patient) for row in agreements_of(patient, program, at)]


def next_document_to_sign(user: User, at: datetime) -> ConsentDocument | None:
    """Give the first document that waits for the account's signature."""
    patient = Patient.objects.filter(user=user).first()
    if patient is None:
        return None
    return next(
        (doc for program in _open_programs(patient) for doc in agreements_needed(patient, program, at)), None
    )


def get_document_for(user: User, pk: UUID, at: datetime) -> ConsentDocument:
    """Give a published document of a program in which the account has an open episode."""
    row = (
        ConsentDocument.objects.filter(pk=pk, published_at__lte=at)
        .filter(program__in=_open_enrollments().filter(patient__user=user).values("program"))
        .select_related("program")
        .first()
    )
    if row is None:
        raise NotFound("document_not_found", "There is no such agreement for you.")
    return row


def sign_page(user: User, pk: UUID, at: datetime) -> SignPage:
    """Gather the page on which a document is read and signed."""
    document = get_document_for(user, pk, at)
    patient = Patient.objects.select_related("user").get(user=user)
    rows = agreements_of(patient, document.program, at, document.language)
    row = next(row for row in rows if row.kind == document.kind)
    return SignPage(
        patient=patient,
        document=document,
        newest_id=document.pk if row.document is None else row.document.pk,
        signature_id=None if row.may_be_signed or row.signature is None else row.signature.pk,
        left=sum(other.document is not None and other.state.can_be_signed for other in rows),
    )


def get_signature_for(user: User, pk: UUID, at: datetime) -> SignaturePage:
    """Give a signature of the account's own, with the text it was given under."""
    row = (
        ConsentSignature.objects.filter(pk=pk, patient__user=user)
        .select_related("document__program", "patient__user", "revocation")
        .first()
    )
    if row is None:
        raise NotFound("signature_not_found", "There is no such signed agreement of yours.")
    program = row.document.program
    current = agreement_standings(row.patient, program, at)[ConsentKind(row.document.kind)]
    return SignaturePage(
        signature=row,
        document=row.document,
        program=program,
        revoked_at=_revoked_at(row),
        is_in_force=current.state is AgreementState.SIGNED and current.signature_id == row.pk,
    )


def _newest_documents(program: Program, at: datetime, language: str) -> dict[ConsentKind, ConsentDocument]:
    rows = {row.pk: row for row in ConsentDocument.objects.filter(program=program).select_related("program")}
    found = {}
    for kind in ConsentKind:
        versions = [_version(row) for row in rows.values() if row.kind == kind]
        newest = newest_version(versions, language=language, at=at)
        if newest is not None:
            found[kind] = rows[newest.id]
    return found


def _open_enrollments() -> QuerySet[Enrollment]:
    return Enrollment.objects.exclude(state=EnrollmentState.DISCHARGED)


def _open_programs(patient: Patient) -> list[Program]:
    rows = _open_enrollments().filter(patient=patient).select_related("program").order_by("admitted_on")
    return [row.program for row in rows]


def _version(row: ConsentDocument) -> VersionFact:
    return VersionFact(
        row.pk, row.language, row.version, row.published_at, row.requires_resigning, row.valid_days
    )


def _revoked_at(row: ConsentSignature) -> datetime | None:
    revocation = getattr(row, "revocation", None)
    return None if revocation is None else revocation.revoked_at

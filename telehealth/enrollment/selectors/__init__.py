"""Reads of enrollment. Staff see patients of the programs they belong to today; patients see themselves."""

from .agreements import (
    AgreementRow,
    SignaturePage,
    agreement_standings,
    agreements_needed,
    agreements_of,
    get_document_for,
    get_signature_for,
    my_agreements,
    next_document_to_sign,
)
from .gate import enrollment_in_force, join_gate_facts, target_minutes_on
from .patients import (
    EnrollmentCard,
    PatientPage,
    PatientRow,
    get_enrollment_for,
    get_patient_for,
    patient_of,
    patient_page,
    patients_in,
    patients_of,
)

__all__ = [
    "AgreementRow",
    "EnrollmentCard",
    "PatientPage",
    "PatientRow",
    "SignaturePage",
    "agreement_standings",
    "agreements_needed",
    "agreements_of",
    "enrollment_in_force",
    "get_document_for",
    "get_enrollment_for",
    "get_patient_for",
    "get_signature_for",
    "join_gate_facts",
    "my_agreements",
    "next_document_to_sign",
    "patient_of",
    "patient_page",
    "patients_in",
    "patients_of",
    "target_minutes_on",
]

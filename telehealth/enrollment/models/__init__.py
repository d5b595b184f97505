"""Models of enrollment: the patient, the episode, the agreements."""

from .consent import ConsentDocument, ConsentKind, ConsentRevocation, ConsentSignature
from .patient import (
    DischargeKind,
    Enrollment,
    EnrollmentChange,
    EnrollmentState,
    EnrollmentTerms,
    Patient,
    WeeklyTarget,
)

__all__ = [
    "ConsentDocument",
    "ConsentKind",
    "ConsentRevocation",
    "ConsentSignature",
    "DischargeKind",
    "Enrollment",
    "EnrollmentChange",
    "EnrollmentState",
    "EnrollmentTerms",
    "Patient",
    "WeeklyTarget",
]

"""Writes of enrollment: episodes, dated targets, tracks and terms, agreements, signatures."""

from .consent import publish_document, revoke_signature, sign_document
from .defaults import publish_default_agreements
from .enrolment import Enrolled, change_enrollment_state, enrol_patient, set_weekly_target, view_patient
from .terms import set_enrollment_terms
from .tracks import assign_track

__all__ = [
    "Enrolled",
    "assign_track",
    "change_enrollment_state",
    "enrol_patient",
    "publish_default_agreements",
    "publish_document",
    "revoke_signature",
    "set_enrollment_terms",
    "set_weekly_target",
    "sign_document",
    "view_patient",
]

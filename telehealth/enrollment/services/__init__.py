"""Writes of enrollment: episodes, dated targets, agreements, signatures."""

from .consent import publish_document, revoke_signature, sign_document
from .defaults import publish_default_agreements
from .enrolment import Enrolled, change_enrollment_state, enrol_patient, set_weekly_target, view_patient

__all__ = [
    "Enrolled",
    "change_enrollment_state",
    "enrol_patient",
    "publish_default_agreements",
    "publish_document",
    "revoke_signature",
    "set_weekly_target",
    "sign_document",
    "view_patient",
]

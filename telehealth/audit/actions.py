"""The closed vocabulary of audited actions: dotted, past tense. Ids are never reused."""

from django.db import models


class AuditAction(models.TextChoices):
    """What happened; the subject and the data say to whom and how."""

    LOGGED_IN = "account.logged_in"
    LOGIN_FAILED = "account.login_failed"
    LOGGED_OUT = "account.logged_out"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - an action, not a password
    PASSWORD_RESET_REQUESTED = "account.password_reset_requested"  # noqa: S105
    PASSWORD_RESET = "account.password_reset"  # noqa: S105
    MFA_ADDED = "account.mfa_added"
    MFA_REMOVED = "account.mfa_removed"
    MFA_RECOVERY_CODES_MADE = "account.mfa_recovery_codes_made"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_DISABLED = "account.disabled"
    ACCESS_DENIED = "access.denied"

    PROGRAM_CREATED = "program.created"
    MEMBERSHIP_ADDED = "program.membership_added"
    MEMBERSHIP_ENDED = "program.membership_ended"
    CREDIT_TERMS_SET = "program.credit_terms_set"
    INVITATION_SENT = "program.invitation_sent"
    INVITATION_ACCEPTED = "program.invitation_accepted"
    INVITATION_REVOKED = "program.invitation_revoked"

    PATIENT_ENROLLED = "enrollment.patient_enrolled"
    ENROLLMENT_STATE_CHANGED = "enrollment.state_changed"
    WEEKLY_TARGET_SET = "enrollment.weekly_target_set"
    PATIENT_VIEWED = "enrollment.patient_viewed"
    DOCUMENT_PUBLISHED = "consent.document_published"
    DOCUMENT_SIGNED = "consent.document_signed"
    SIGNATURE_REVOKED = "consent.signature_revoked"

    SERIES_CREATED = "series.created"
    SESSION_CREATED = "session.created"
    SESSIONS_GENERATED = "session.generated"
    SESSION_MOVED = "session.moved"
    SESSION_CANCELLED = "session.cancelled"
    ROSTER_ADDED = "roster.added"
    ROSTER_REMOVED = "roster.removed"
    SESSION_OPENED = "session.opened"
    SESSION_ENDED = "session.ended"
    BREAK_STARTED = "session.break_started"
    BREAK_ENDED = "session.break_ended"
    LOBBY_ENTERED = "participant.lobby_entered"
    ROOM_ENTERED = "participant.room_entered"
    PARTICIPANT_ADMITTED = "participant.admitted"
    PARTICIPANT_MUTED = "participant.muted"
    PARTICIPANT_REMOVED = "participant.removed"
    PARTICIPANT_READMITTED = "participant.readmitted"
    PARTICIPANT_LEFT = "participant.left"
    CONNECTION_SUPERSEDED = "participant.connection_superseded"
    JOIN_DENIED = "participant.join_denied"

    ATTENDANCE_COMPUTED = "attendance.computed"
    AUDIT_VIEWED = "attendance.audit_viewed"
    AUDIT_EXPORTED = "attendance.audit_exported"
    EVIDENCE_EXPORTED = "attendance.evidence_exported"

"""Who may use which route with which method, and send which message: the whole table, denied by default.

A route or message missing here is refused to everybody and fails `tests/test_permissions.py`; so does a line
without a route. What a role may do to a particular object is decided by policies; this table is the outer
wall.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .roles import Role

Roles = frozenset[Role]

P, T, C = Role.PATIENT, Role.THERAPIST, Role.CASE_MANAGER
A, U, S = Role.PROGRAM_ADMIN, Role.AUDITOR, Role.SYSTEM_ADMIN


def only(*roles: Role) -> Roles:
    """Give the set of these roles."""
    return frozenset(roles)


# `None` as a set of roles: no login needed.
ANYONE: Final = None
SIGNED_IN: Final[Roles] = frozenset(Role)
STAFF: Final[Roles] = frozenset(role for role in Role if role.is_staff_role)
NOBODY: Final[Roles] = frozenset()

ROUTES: Mapping[str, Mapping[str, Roles | None]] = {
    "home": {"GET": SIGNED_IN},
    "core:health": {"GET": only(S, A)},
    "core:livez": {"GET": ANYONE},
    "core:readyz": {"GET": ANYONE},
    # Signing in and out. Sign-up and changes of address do not exist: people are invited.
    "account_login": {"GET": ANYONE, "POST": ANYONE},
    "account_logout": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "account_inactive": {"GET": ANYONE},
    "account_signup": {"GET": NOBODY, "POST": NOBODY},
    "account_email": {"GET": NOBODY, "POST": NOBODY},
    "account_email_verification_sent": {"GET": NOBODY, "POST": NOBODY},
    "account_confirm_email": {"GET": NOBODY, "POST": NOBODY},
    "account_confirm_login_code": {"GET": NOBODY, "POST": NOBODY},
    "account_set_password": {"GET": NOBODY, "POST": NOBODY},
    "account_change_password": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "account_reset_password": {"GET": ANYONE, "POST": ANYONE},
    "account_reset_password_done": {"GET": ANYONE},
    "account_reset_password_from_key": {"GET": ANYONE, "POST": ANYONE},
    "account_reset_password_from_key_done": {"GET": ANYONE},
    "account_reauthenticate": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    # The second factor. `mfa_authenticate` is the step of a login that is not finished yet.
    "mfa_authenticate": {"GET": ANYONE, "POST": ANYONE},
    "mfa_reauthenticate": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_index": {"GET": SIGNED_IN},
    "mfa_activate_totp": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_deactivate_totp": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_view_recovery_codes": {"GET": SIGNED_IN},
    "mfa_generate_recovery_codes": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_download_recovery_codes": {"GET": SIGNED_IN},
    # Programs and their people.
    "programs:accept_invitation": {"GET": ANYONE, "POST": ANYONE},
    "programs:people": {"GET": only(A, S)},
    "programs:invite": {"GET": only(A, S), "POST": only(A, S)},
    "programs:seat_edit": {"GET": only(A), "POST": only(A)},
    "programs:end_membership": {"GET": only(A, S), "POST": only(A, S)},
    "programs:resend_invitation": {"GET": only(A, S), "POST": only(A, S)},
    "programs:revoke_invitation": {"GET": only(A, S), "POST": only(A, S)},
    "programs:program_new": {"GET": only(S), "POST": only(S)},
    # Enrollment and consent.
    "enrollment:my_agreements": {"GET": only(P)},
    "enrollment:sign_next": {"GET": only(P)},
    "enrollment:sign": {"GET": only(P), "POST": only(P)},
    "enrollment:signed": {"GET": only(P)},
    "enrollment:signed_copy": {"GET": only(P)},
    "enrollment:revoke": {"GET": only(P), "POST": only(P)},
    "enrollment:patients": {"GET": only(A, C, U)},
    "enrollment:patient": {"GET": only(A, C, U)},
    "enrollment:enrol": {"GET": only(A), "POST": only(A)},
    "enrollment:enrol_again": {"GET": only(A), "POST": only(A)},
    "enrollment:target_new": {"GET": only(A), "POST": only(A)},
    "enrollment:assign_track": {"GET": only(A), "POST": only(A)},
    "enrollment:change_state": {"GET": only(A), "POST": only(A)},
    "enrollment:documents": {"GET": only(A, U)},
    "enrollment:document": {"GET": only(A, U)},
    "enrollment:document_new": {"GET": only(A), "POST": only(A)},
    "enrollment:publish_defaults": {"POST": only(A)},
    # Sessions.
    "sessions:patient_home": {"GET": only(P)},
    "sessions:patient_live": {"GET": only(P)},
    "sessions:therapist_home": {"GET": only(T, C)},
    "sessions:live_roster": {"GET": only(T, C)},
    "sessions:week_board": {"GET": only(A, U, T, C)},
    "sessions:make_up": {"POST": only(A, T)},
    "sessions:make_up_off": {"POST": only(A, T)},
    "sessions:absences": {"GET": only(A, U, T, C)},
    "sessions:absence_decide": {"GET": only(A, T, C), "POST": only(A, T, C)},
    "sessions:outreach": {"GET": only(A, T, C)},
    "sessions:outreach_log": {"POST": only(A, T, C)},
    "sessions:list": {"GET": only(A, U, C)},
    "sessions:new": {"GET": only(A), "POST": only(A)},
    "sessions:detail": {"GET": only(A, U, C)},
    "sessions:move": {"GET": only(A), "POST": only(A)},
    "sessions:cancel": {"GET": only(A), "POST": only(A)},
    "sessions:roster_add": {"POST": only(A)},
    "sessions:roster_off": {"POST": only(A)},
    "sessions:series_new": {"GET": only(A), "POST": only(A)},
    "sessions:series": {"GET": only(A, U, C)},
    "sessions:member_add": {"POST": only(A)},
    "sessions:member_off": {"POST": only(A)},
    "sessions:audit": {"GET": only(A, U)},
    "sessions:facts": {"GET": only(A, U)},
    "sessions:patient_history": {"GET": only(A, U, C, T)},
    "sessions:audit_csv": {"GET": only(A, U)},
    "sessions:evidence": {"GET": only(A, U)},
    # Settled attendance: rosters, signatures, corrections, objections.
    "sessions:my_session": {"GET": only(P)},
    "sessions:dispute": {"POST": only(P)},
    "sessions:roster": {"GET": only(T, C, A)},
    "sessions:sign_off": {"GET": only(T), "POST": only(T)},
    "sessions:correct": {"GET": only(T, C, A), "POST": only(T, C, A)},
    "sessions:correction_withdraw": {"POST": only(T, C, A)},
    "sessions:corrections": {"GET": only(A, T)},
    "sessions:correction_decide": {"GET": only(A, T), "POST": only(A, T)},
    "sessions:disputes": {"GET": only(A, T)},
    "sessions:dispute_answer": {"GET": only(A, T), "POST": only(A, T)},
    # Credit terms and tracks.
    "sessions:terms": {"GET": only(A, U)},
    "sessions:terms_new": {"GET": only(A), "POST": only(A)},
    "sessions:what_if": {"GET": only(A)},
    "sessions:enrollment_terms_new": {"GET": only(A), "POST": only(A)},
    "sessions:tracks": {"GET": only(A, U)},
    "sessions:track_new": {"GET": only(A), "POST": only(A)},
    "sessions:track_end": {"GET": only(A), "POST": only(A)},
    # Reports: read only, by those who answer for the program.
    "reports:index": {"GET": only(A, U)},
    "reports:attendance": {"GET": only(A, U)},
    "reports:attendance_csv": {"GET": only(A, U)},
    "reports:weeks": {"GET": only(A, U)},
    "reports:weeks_csv": {"GET": only(A, U)},
    "reports:census": {"GET": only(A, U)},
    "reports:census_csv": {"GET": only(A, U)},
    "reports:absences": {"GET": only(A, U)},
    "reports:absences_csv": {"GET": only(A, U)},
    "reports:corrections": {"GET": only(A, U)},
    "reports:corrections_csv": {"GET": only(A, U)},
    "reports:unsigned": {"GET": only(A, U)},
    "reports:unsigned_csv": {"GET": only(A, U)},
    "reports:access": {"GET": only(A, U)},
    "reports:access_csv": {"GET": only(A, U)},
    # The room.
    "realtime:room": {"GET": only(P, T)},
}

IN_THE_ROOM: Final = only(P, T)
FACILITATORS: Final = only(T)

MESSAGES: Mapping[str, Roles] = {
    "join": IN_THE_ROOM,
    "publish.offer": IN_THE_ROOM,
    "subscribe.request": IN_THE_ROOM,
    "subscribe.answer": IN_THE_ROOM,
    "media.set": IN_THE_ROOM,
    "media.view": IN_THE_ROOM,
    "ice_servers.get": IN_THE_ROOM,
    "leave": IN_THE_ROOM,
    "snapshot.get": IN_THE_ROOM,
    "ping": IN_THE_ROOM,
    "session.start": FACILITATORS,
    "session.end": FACILITATORS,
    "break.start": FACILITATORS,
    "break.end": FACILITATORS,
    "participant.admit": FACILITATORS,
    "participants.admit_all": FACILITATORS,
    "participant.mute": FACILITATORS,
    "participant.stop_video": FACILITATORS,
    "participant.move": FACILITATORS,
    "room.lock": FACILITATORS,
    "participant.remove": FACILITATORS,
    "participant.readmit": FACILITATORS,
}

# What staff without a second factor may still reach while one is required: the way to set it up, and the way
# out.
MFA_SETUP: Final = frozenset(
    {
        "core:livez",
        "core:readyz",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_download_recovery_codes",
    }
)


def roles_for(view_name: str, method: str) -> Roles | None:
    """Give who may use a route with a method; an unknown route or method is for nobody."""
    wanted = "GET" if method in ("HEAD", "OPTIONS") else method
    return ROUTES.get(view_name, {}).get(wanted, NOBODY)


def may_send(role: Role, message_type: str) -> bool:
    """Say whether a role may send a message type at all."""
    return role in MESSAGES.get(message_type, NOBODY)

"""Reads about accounts."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from .models import User
from .roles import Role
from .session_engine import SessionStore

HOMES = {
    Role.PATIENT: "sessions:patient_home",
    Role.THERAPIST: "sessions:therapist_home",
    Role.CASE_MANAGER: "sessions:therapist_home",
    Role.PROGRAM_ADMIN: "sessions:list",
    Role.AUDITOR: "sessions:list",
    Role.SYSTEM_ADMIN: "core:health",
}


def home_of(user: User) -> str:
    """Name the route where a person starts."""
    return HOMES[user.role_enum]


def mfa_is_missing(user: User) -> bool:
    """Say whether the account must set up its second factor before anything else."""
    if not (settings.REQUIRE_STAFF_MFA and user.role_enum.is_staff_role):
        return False
    return not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def idle_seconds(role: Role) -> int:
    """Give how long a role may do nothing before it is signed out (domain.md 6.1, S3)."""
    return settings.STAFF_IDLE_SECONDS if role.is_staff_role else settings.PATIENT_IDLE_SECONDS


def session_user(session_key: str, at: datetime) -> User | None:
    """Give whom a browser session still signs in; two queries.

    Nobody after a logout or too long a pause, nor with a closed account or a new password.
    """
    row = Session.objects.filter(session_key=session_key, expire_date__gt=at).first()
    if row is None:
        return None
    data = SessionStore().decode(row.session_data)
    who = data.get(SESSION_KEY)
    if not who or data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=str(who), is_active=True).first()
    if user is None or not constant_time_compare(
        data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    ):
        return None
    return user


def session_is_alive(session_key: str, at: datetime) -> bool:
    """Say whether a browser session still signs somebody in."""
    return session_user(session_key, at) is not None

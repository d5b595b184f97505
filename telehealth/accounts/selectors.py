"""Reads about accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.conf import settings

from .models import User
from .roles import Role

if TYPE_CHECKING:
    from datetime import datetime

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


def session_is_alive(session_key: str, at: datetime) -> bool:
    """Say whether a browser session still exists and was active lately enough."""
    from django.contrib.sessions.models import Session

    return Session.objects.filter(session_key=session_key, expire_date__gt=at).exists()

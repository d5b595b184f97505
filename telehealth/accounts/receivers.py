"""Write down what allauth reports about accounts."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from telehealth import audit
from telehealth.core import clock

from .models import User


def _write(action: audit.AuditAction, user: Any, **data: object) -> None:  # allauth's signals are untyped
    if isinstance(user, User):
        audit.record(action, actor=user, subject=user, at=clock.now(), data=data)


@receiver(account.user_logged_in)
def on_login(sender: object, user: User, **kwargs: object) -> None:
    """Write down a login that passed every step."""
    _write(audit.AuditAction.LOGGED_IN, user)


@receiver(user_logged_out)
def on_logout(sender: object, user: User | None, **kwargs: object) -> None:
    """Write down a logout by the person."""
    _write(audit.AuditAction.LOGGED_OUT, user)


@receiver(account.password_changed)
@receiver(account.password_set)
def on_password_changed(sender: object, user: User, **kwargs: object) -> None:
    """Write down a password changed by its owner."""
    _write(audit.AuditAction.PASSWORD_CHANGED, user)


@receiver(account.password_reset)
def on_password_reset(sender: object, user: User, **kwargs: object) -> None:
    """Write down a password set by link."""
    _write(audit.AuditAction.PASSWORD_RESET, user)


@receiver(mfa.authenticator_added)
def on_authenticator_added(sender: object, user: User, authenticator: Any, **kwargs: object) -> None:
    """Write down a new second factor."""
    _write(audit.AuditAction.MFA_ADDED, user, type=str(authenticator.type))


@receiver(mfa.authenticator_removed)
def on_authenticator_removed(sender: object, user: User, authenticator: Any, **kwargs: object) -> None:
    """Write down a second factor taken away."""
    _write(audit.AuditAction.MFA_REMOVED, user, type=str(authenticator.type))


@receiver(mfa.authenticator_reset)
def on_recovery_codes_made(sender: object, user: User, **kwargs: object) -> None:
    """Write down new recovery codes."""
    _write(audit.AuditAction.MFA_RECOVERY_CODES_MADE, user)


@receiver(mfa.authentication_failed)
def on_second_factor_failed(sender: object, user: User, **kwargs: object) -> None:
    """Write down a wrong code; whoever typed it knows the password."""
    audit.record(
        audit.AuditAction.LOGIN_FAILED,
        actor=None,
        subject=user,
        at=clock.now(),
        data={"step": "second factor"},
    )

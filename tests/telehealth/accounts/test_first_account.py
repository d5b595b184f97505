"""A new installation gets its first account from the command line."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role

WORDS = {"email": "First@example.org", "given_name": "Ada", "family_name": "Lane", "interactive": False}


@pytest.mark.django_db
def test_the_first_account_is_a_system_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough secret")
    call_command("createsuperuser", verbosity=0, **WORDS)
    user = User.objects.get(email="first@example.org")
    assert user.role_enum is Role.SYSTEM_ADMIN
    assert user.check_password("a long enough secret")


@pytest.mark.django_db
def test_an_address_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough secret")
    User.objects.create_user("first@example.org", role=Role.PATIENT, given_name="B", family_name="C")
    with pytest.raises(CommandError):
        call_command("createsuperuser", verbosity=0, **{**WORDS, "email": "first@example.org"})

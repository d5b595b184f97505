"""The first account of an installation."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit import AuditAction
from telehealth.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


def _create(monkeypatch: pytest.MonkeyPatch, email: str, password: str) -> str:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("create_system_admin", email, "Ada", "Quill", stdout=out)
    return out.getvalue()


def test_the_first_account_is_a_system_administrator_and_is_written_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = _create(monkeypatch, "Ada@example.org", "slow green river 47")
    user = User.objects.get()
    assert (user.email, user.role_enum) == ("ada@example.org", Role.SYSTEM_ADMIN)
    assert user.check_password("slow green river 47")
    assert "slow green river" not in said
    assert AuditEvent.objects.get().action == AuditAction.ACCOUNT_CREATED


@pytest.mark.parametrize(
    ("email", "password"),
    [("not an address", "slow green river 47"), ("ada@example.org", "short"), ("ada@example.org", "")],
)
def test_a_bad_address_or_a_weak_password_makes_no_account(
    monkeypatch: pytest.MonkeyPatch, email: str, password: str
) -> None:
    with pytest.raises(CommandError):
        _create(monkeypatch, email, password)
    assert not User.objects.exists()


def test_an_address_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _create(monkeypatch, "ada@example.org", "slow green river 47")
    with pytest.raises(CommandError, match="already"):
        _create(monkeypatch, "ADA@example.org", "slow green river 47")

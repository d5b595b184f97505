"""Accounts: who may sign in, in which role, and the name others may see."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from .roles import Role


class UserManager(BaseUserManager["User"]):
    """Create accounts by email address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """Store an account; without a password it cannot sign in until one is set by link."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Find an account by address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person with a login. Its id is the `participant` of rooms and facts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    role = models.CharField(max_length=20, choices=Role.choices)
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    preferred_name = models.CharField(max_length=80, blank=True)
    credential = models.CharField(
        max_length=40, blank=True, help_text="License shown at signatures, e.g. LCSW"
    )
    phone = models.CharField(
        max_length=40, blank=True, help_text="The number to call when a connection drops"
    )
    time_zone = models.CharField(max_length=64, default="America/New_York")
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["given_name", "family_name"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_user_role_known")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def role_enum(self) -> Role:
        """Give the role as its enumeration."""
        return Role(self.role)

    @property
    def peer_name(self) -> str:
        """Give the name peers may see: preferred first name and last initial (domain.md 5)."""
        first = self.preferred_name or self.given_name
        initial = f" {self.family_name[0]}." if self.family_name else ""
        return f"{first}{initial}"

    @property
    def full_name(self) -> str:
        """Give the legal name; for staff pages only."""
        return f"{self.given_name} {self.family_name}".strip()

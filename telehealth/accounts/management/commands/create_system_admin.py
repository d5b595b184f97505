"""`manage.py create_system_admin`: the first account of an installation; everybody else is invited."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core import clock


class Command(BaseCommand):
    """Make a system administrator, who founds programs and invites their administrators."""

    help = "Create a system administrator. The password is asked for, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take who the person is; the password never stands on a command line."""
        parser.add_argument("email")
        parser.add_argument("given_name")
        parser.add_argument("family_name")

    def handle(self, *_args: Any, email: str, given_name: str, family_name: str, **_options: Any) -> None:
        """Create the account; Any: Django passes every option."""
        user = User(
            email=email.strip().lower(),
            given_name=given_name,
            family_name=family_name,
            role=Role.SYSTEM_ADMIN.value,
        )
        password = self._password()
        try:
            validate_email(user.email)
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if User.objects.filter(email__iexact=user.email).exists():
            raise CommandError("There is an account with this address already.")
        with transaction.atomic():
            user.set_password(password)
            user.save()
            audit.record(audit.AuditAction.ACCOUNT_CREATED, actor=None, subject=user, at=clock.now())
        self.stdout.write("The account is made. Sign in, set up the second factor, and found a program.")

    def _password(self) -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\n")
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("The same again: "):
            raise CommandError("The two passwords differ.")
        return password

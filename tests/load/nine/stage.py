"""Fill an empty database with groups that are about to begin, everybody signed in; print who is who.

python -m tests.load.nine.stage 10 8 12    # three groups; in the environment of the servers started later
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")

import django

django.setup()

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client, override_settings  # noqa: E402

from sessions.models import GroupSession, ServiceType  # noqa: E402
from sessions.services.scheduling.schedule import create_session  # noqa: E402
from telehealth.accounts.models import User  # noqa: E402
from telehealth.accounts.roles import Role  # noqa: E402
from telehealth.core import clock  # noqa: E402
from telehealth.enrollment.models import Patient  # noqa: E402
from telehealth.enrollment.services import enrol_patient  # noqa: E402
from telehealth.programs.services import add_membership  # noqa: E402
from tests import cast as people  # noqa: E402

STARTS_IN = timedelta(minutes=5)  # nine o'clock; the waiting room is open
LENGTH = timedelta(hours=3)


def build(sizes: list[int], at: datetime) -> list[dict[str, Any]]:
    """Make everything through the services, as pages would."""
    # Nobody signs in by password here, and hashing them properly would take minutes.
    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with quick, transaction.atomic():
        cast = people.build(at=at)
        groups = [_group(cast, number, size, at) for number, size in enumerate(sizes)]
    # Only now: a login that nobody uses ends after a quarter of an hour.
    return [
        {
            "session": str(planned.pk),
            "facilitator": _signed_in(planned.facilitator),
            "patients": [_signed_in(each) for each in patients],
        }
        for planned, patients in groups
    ]


def _group(cast: people.Cast, number: int, size: int, at: datetime) -> tuple[GroupSession, list[User]]:
    founded = at - people.HISTORY
    therapist = _account(Role.THERAPIST, f"thea-{number}")
    TOTP.activate(therapist, generate_totp_secret())
    add_membership(actor=cast.admin, program=cast.program, user=therapist, at=founded)
    patients = [_patient(cast, f"pat-{number}-{each}", founded) for each in range(size)]
    planned = create_session(
        actor=cast.admin,
        program=cast.program,
        title="Morning group",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=therapist,
        start=at + STARTS_IN,
        end=at + STARTS_IN + LENGTH,
        patients=list(Patient.objects.filter(user__in=patients)),
        at=founded,
    )
    return planned, patients


def _account(role: Role, name: str) -> User:
    return User.objects.create_user(
        f"{name}@example.org", None, role=role.value, given_name=name, family_name="Example"
    )


def _patient(cast: people.Cast, name: str, founded: datetime) -> User:
    user = _account(Role.PATIENT, name)
    enrol_patient(
        actor=cast.admin,
        program=cast.program,
        user=user,
        record_number=f"R-{name}",
        admitted_on=cast.program.date_at(founded),
        at=founded,
    )
    people.sign_everything(user, founded)
    return user


def _signed_in(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"id": str(user.pk), "cookie": f"{name}={client.cookies[name].value}"}


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(build([int(each) for each in sys.argv[1:]], clock.now())) + "\n")

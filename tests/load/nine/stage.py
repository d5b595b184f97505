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

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import override_settings  # noqa: E402

from sessions.models import GroupSession, ServiceType  # noqa: E402
from sessions.services.scheduling.schedule import create_session  # noqa: E402
from telehealth.accounts.models import User  # noqa: E402
from telehealth.accounts.roles import Role  # noqa: E402
from telehealth.core import clock  # noqa: E402
from telehealth.enrollment.models import Patient  # noqa: E402
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
            "facilitator": {
                "id": str(planned.facilitator_id),
                "cookie": people.cookie_of(planned.facilitator),
            },
            "patients": [{"id": str(each.pk), "cookie": people.cookie_of(each)} for each in patients],
        }
        for planned, patients in groups
    ]


def _group(cast: people.Cast, number: int, size: int, at: datetime) -> tuple[GroupSession, list[User]]:
    founded = at - people.HISTORY
    therapist = people.quick_account(Role.THERAPIST, f"thea-{number}")
    people.join_program(cast, therapist, founded)
    accounts = [people.quick_account(Role.PATIENT, f"pat-{number}-{each}") for each in range(size)]
    patients = [people.join_program(cast, each, founded) for each in accounts]
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


def _ticket(user: User) -> dict[str, str]:
    return {"id": str(user.pk), "cookie": people.cookie_of(user)}


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(build([int(each) for each in sys.argv[1:]], clock.now())) + "\n")

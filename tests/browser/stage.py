"""Fill an empty database with one program and the scenes of the browser tests, and print who is who.

    python -m tests.browser.stage        # in the environment of the server that is started afterwards

Every scene has people of its own, so that no test depends on what another one did in its room.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")

import django

django.setup()

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from sessions.models import ServiceType  # noqa: E402
from sessions.services.scheduling.schedule import create_session  # noqa: E402
from sessions.terms import require_known_terms  # noqa: E402
from telehealth.accounts.models import User  # noqa: E402
from telehealth.accounts.roles import Role  # noqa: E402
from telehealth.core import clock  # noqa: E402
from telehealth.enrollment.models import ConsentKind, Patient  # noqa: E402
from telehealth.enrollment.selectors import my_agreements  # noqa: E402
from telehealth.enrollment.services import (  # noqa: E402
    enrol_patient,
    publish_default_agreements,
    sign_document,
)
from telehealth.programs.models import Program  # noqa: E402
from telehealth.programs.scopes import ServiceDates  # noqa: E402
from telehealth.programs.services import add_membership, create_program, set_credit_terms  # noqa: E402
from tests.browser.held import hold  # noqa: E402
from tests.browser.scenes import (  # noqa: E402
    AUDITOR,
    FAMILY_NAME,
    HELD,
    MAIL_HOST,
    PASSWORD,
    SCENES,
    Scene,
)

HISTORY = timedelta(days=30)
# One minute is enough for credit and for leaving early, so that a session of minutes shows all rules.
TERMS = {"min_credit_min": 1, "early_leave_grace_min": 1}
TARGET_MIN = 540


@dataclass(frozen=True, slots=True)
class Account:
    """What a test has to know of a person."""

    id: str
    email: str
    name: str
    patient: str | None
    totp_secret: str | None


class Stage:
    """Build through the services, as pages would."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.founded = at - HISTORY
        self.hashed = make_password(PASSWORD)
        self.accounts: dict[str, Account] = {}
        system_admin = self.user(Role.SYSTEM_ADMIN, "sid")
        self.program = create_program(
            actor=system_admin,
            name="Harbor Light",
            time_zone="America/New_York",
            callback_phone="+1 212 555 0100",
            at=self.founded,
        )
        self.admin = self.user(Role.PROGRAM_ADMIN, "ada")
        add_membership(actor=system_admin, program=self.program, user=self.admin, at=self.founded)
        publish_default_agreements(actor=self.admin, program=self.program, at=self.founded)
        set_credit_terms(
            actor=self.admin,
            program=self.program,
            name="Terms of the tests",
            effective_on=self.program.date_at(self.founded),
            parameters=TERMS,
            validate=require_known_terms,
            at=self.founded,
        )

    def user(self, role: Role, name: str) -> User:
        user = User.objects.create_user(
            f"{name}@{MAIL_HOST}",
            None,
            role=role.value,
            given_name=name.capitalize(),
            family_name=FAMILY_NAME,
        )
        User.objects.filter(pk=user.pk).update(password=self.hashed)
        secret = generate_totp_secret() if role.is_staff_role else None
        if secret is not None:
            TOTP.activate(user, secret)
        self.accounts[name] = Account(
            id=str(user.pk),
            email=user.email,
            name=user.peer_name,
            patient=None,
            totp_secret=secret,
        )
        return user

    def therapist(self, name: str) -> User:
        user = self.user(Role.THERAPIST, name)
        add_membership(actor=self.admin, program=self.program, user=user, at=self.founded)
        return user

    def patient(self, name: str, *, unsigned: Collection[ConsentKind]) -> Patient:
        user = self.user(Role.PATIENT, name)
        enrol_patient(
            actor=self.admin,
            program=self.program,
            user=user,
            record_number=f"R-{name}",
            admitted_on=self.program.date_at(self.founded),
            at=self.founded,
            weekly_target_minutes=TARGET_MIN,
        )
        patient = Patient.objects.get(user=user)
        self.accounts[name] = Account(**{**asdict(self.accounts[name]), "patient": str(patient.pk)})
        for row in my_agreements(user, self.founded):
            if row.document is None or not row.may_be_signed or row.document.kind in unsigned:
                continue
            sign_document(
                actor=user,
                patient=patient,
                document=row.document,
                shown_sha256=row.document.sha256,
                printed_name=user.full_name,
                at=self.founded,
                ip="127.0.0.1",
                user_agent="browser tests",
            )
        return patient

    def auditor(self, name: str) -> None:
        """Open the program to an auditor for a year around now."""
        user, today, year = self.user(Role.AUDITOR, name), self.program.date_at(self.at), timedelta(days=365)
        add_membership(
            actor=self.admin,
            program=self.program,
            user=user,
            ends_on=today + year,
            sees=ServiceDates(today - year, today + year),
            at=self.founded,
        )

    def held(self, scene: Scene) -> str:
        """Hold a scene's session hours ago: its first patient came late and left early."""
        late, other = (self.patient(name, unsigned=[]) for name in scene.patients)
        group = hold(
            admin=self.admin,
            program=self.program,
            title=scene.title,
            therapist=self.therapist(scene.therapist),
            late=late,
            other=other,
            at=self.at,
        )
        return str(group.pk)

    def scene(self, scene: Scene) -> str:
        therapist = self.therapist(scene.therapist)
        patients = [
            self.patient(name, unsigned=[ConsentKind.GROUP_CONFIDENTIALITY] if name in scene.unsigned else [])
            for name in scene.patients
        ]
        start = self.at + scene.starts_in
        planned = create_session(
            actor=self.admin,
            program=self.program,
            title=scene.title,
            service_type=ServiceType.GROUP_THERAPY,
            facilitator=therapist,
            start=start,
            end=start + scene.length,
            patients=patients,
            at=self.founded,
        )
        return str(planned.pk)


def build(at: datetime) -> Mapping[str, object]:
    """Make everything in one transaction and say what was made."""
    with transaction.atomic():
        stage = Stage(at)
        sessions = {scene.key: stage.scene(scene) for scene in SCENES}
        sessions[HELD.key] = stage.held(HELD)
        stage.auditor(AUDITOR)
    program: Program = stage.program
    return {
        "program": str(program.pk),
        "sessions": sessions,
        "accounts": {name: asdict(account) for name, account in stage.accounts.items()},
    }


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(build(clock.now())) + "\n")

"""Fill an empty database with one session and its own people per schedule, signed in; print who is who.

    python -m tests.faults.live_stage 3        # in the environment of the servers that are started afterwards

`python -m tests.faults.live_stage --read <session>` prints what the ledger says of a session that is over.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from sessions.models import (  # noqa: E402
    AttendanceRecord,
    FactCursor,
    GroupSession,
    PresenceEvent,
    ServiceType,
)
from sessions.rules.presence.fold import fold  # noqa: E402
from sessions.selectors.ledger.facts import facts_of, web_boot  # noqa: E402
from sessions.services.scheduling.schedule import create_session  # noqa: E402
from sessions.terms import require_known_terms  # noqa: E402
from telehealth.accounts.roles import Role  # noqa: E402
from telehealth.audit.actions import AuditAction  # noqa: E402
from telehealth.audit.models import AuditEvent  # noqa: E402
from telehealth.core import clock, hashchain  # noqa: E402
from telehealth.enrollment.models import Patient  # noqa: E402
from telehealth.programs.services import set_credit_terms  # noqa: E402
from tests import cast as stage  # noqa: E402

PATIENTS = 3


def build(schedules: int, at: datetime) -> list[dict[str, Any]]:
    """Make everything through the services, as pages would."""
    founded = at - stage.HISTORY
    with transaction.atomic():
        cast = stage.build(at=at)
        set_credit_terms(
            actor=cast.admin,
            program=cast.program,
            name="Terms of the schedules",
            effective_on=cast.program.date_at(founded),
            parameters={"min_credit_min": 1},
            validate=require_known_terms,
            at=founded,
        )
        return [_schedule(cast, number, at, founded) for number in range(schedules)]


def _schedule(cast: stage.Cast, number: int, at: datetime, founded: datetime) -> dict[str, Any]:
    therapist = stage.quick_account(Role.THERAPIST, f"live-thea-{number}")
    stage.join_program(cast, therapist, founded)
    accounts = [stage.quick_account(Role.PATIENT, f"live-pat-{number}-{each}") for each in range(PATIENTS)]
    users = [stage.join_program(cast, each, founded) for each in accounts]
    planned = create_session(
        actor=cast.admin,
        program=cast.program,
        title="Schedule",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=therapist,
        start=at - timedelta(minutes=5),
        end=at + timedelta(hours=6),
        patients=list(Patient.objects.filter(user__in=users)),
        at=founded,
    )
    people = [{"id": str(user.pk), "cookie": stage.cookie_of(user)} for user in (therapist, *users)]
    return {"session": str(planned.pk), "people": people}


def _final_after(group_session: GroupSession) -> float | None:
    """Give the seconds from the end to the first final result, as the trail has them."""
    computed = AuditEvent.objects.filter(
        action=AuditAction.ATTENDANCE_COMPUTED, subject_id=str(group_session.pk)
    )
    first = computed.order_by("seq").values_list("at", flat=True).first()
    if first is None or group_session.ended_at is None:
        return None
    return (first - group_session.ended_at).total_seconds()


def read(group_session_id: UUID) -> dict[str, Any]:
    """Say what the ledger holds of a session: decisions, presence, chain, journals, results."""
    rows = PresenceEvent.objects.filter(group_session=group_session_id).order_by("id")
    presence = fold(facts_of([group_session_id], every=True)[group_session_id])
    journals: dict[str, list[int]] = {}
    for boot, seq in rows.exclude(source_boot=web_boot(group_session_id)).values_list("source_boot", "seq"):
        journals.setdefault(boot, []).append(seq)
    group_session = GroupSession.objects.get(pk=group_session_id)
    records = AttendanceRecord.objects.filter(group_session=group_session).select_related("patient")
    return {
        "state": group_session.state,
        "is_final": not group_session.is_attendance_due
        and records.exists()
        and all(record.is_final for record in records),
        "final_after": _final_after(group_session),
        "is_chain_whole": hashchain.verify(row.link() for row in rows) is None,
        "decisions": [
            [row.kind, row.at.timestamp(), str(row.participant)]
            for row in rows.filter(source_boot=web_boot(group_session_id))
        ],
        "presence": {
            who: [[a.timestamp(), b.timestamp()] for a, b in found.presence]
            for who, found in presence.participants.items()
        },
        "journals": journals,
        "cursors": dict(FactCursor.objects.values_list("pk", "seq")),
        "credited": {str(record.patient.user_id): record.qualified_seconds for record in records},
    }


if __name__ == "__main__":
    if sys.argv[1] == "--read":
        said: object = read(UUID(sys.argv[2]))
    else:
        call_command("migrate", verbosity=0)
        said = build(int(sys.argv[1]), clock.now())
    sys.stdout.write(json.dumps(said) + "\n")

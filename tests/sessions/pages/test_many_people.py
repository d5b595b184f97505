"""Pages cost the same number of queries for two patients as for eight."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from telehealth.accounts.models import User
from tests import cast as stage
from tests.cast import Cast
from tests.factories import Relay, join, open_with

from .browsing import Browser
from .planning import ids, series_of, weekly

pytestmark = pytest.mark.django_db
PAGES = {
    "sessions:patient_home": "patient",
    "sessions:therapist_home": "therapist",
    "sessions:list": "admin",
    "sessions:live_roster": "therapist",
    "sessions:detail": "admin",
    "sessions:audit": "auditor",
    "sessions:audit_csv": "auditor",
    "sessions:evidence": "auditor",
}


def people(cast: Cast, count: int) -> list[User]:
    return [cast.patient, *cast.more_patients][:count]


def counts(patients: int) -> dict[str, int]:
    """Build a running group and a series with so many patients, and count every page's queries."""
    cast = stage.build(patients=patients)
    group, start = cast.group_session, cast.group_session.scheduled_start
    Browser(cast.admin, cast.at).post(
        "sessions:series_new", **weekly(cast, patients=ids(cast, *people(cast, patients)))
    )
    seats, relay = open_with(cast, cast.patient, at=start), Relay(f"boot-{patients}")
    for person in people(cast, patients)[1:]:
        seats[person] = join(cast, person, start)
    known = start + timedelta(minutes=7)
    for person, seat in seats.items():
        relay.first_packet(group, person, seat.connection, start)
        relay.beat(group, person, seat.connection, known)
    relay.deliver(known, as_of=known)
    found = {}
    for name, who in PAGES.items():
        needs_pk = name not in ("sessions:patient_home", "sessions:therapist_home", "sessions:list")
        found[name] = Browser(getattr(cast, who), known).queries(name, *([group.pk] if needs_pk else []))
    found["sessions:series"] = Browser(cast.admin, known).queries("sessions:series", series_of().pk)
    found["sessions:new"] = Browser(cast.admin, known).queries("sessions:new")
    return found


@pytest.fixture
def few_and_many(db: None) -> tuple[dict[str, int], dict[str, int]]:
    found = []
    for patients in (2, 8):
        with transaction.atomic():
            found.append(counts(patients))
            transaction.set_rollback(True)
    return found[0], found[1]


def test_queries_do_not_grow_with_patients(few_and_many: tuple[dict[str, int], dict[str, int]]) -> None:
    few, many = few_and_many
    assert many == few
    assert max(many.values()) <= 40

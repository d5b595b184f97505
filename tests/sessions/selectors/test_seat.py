"""An auditor's seat clips every list and page: sessions, series, patients, by service date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from sessions.models import GroupSession
from sessions.selectors import SessionFilters, get_session_for, session_list, sessions_for
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Enrollment
from telehealth.enrollment.selectors import get_patient_for, patients_of
from telehealth.programs.models import ProgramMembership
from tests.cast import Cast

pytestmark = pytest.mark.django_db
# The cast's group is on Wednesday, 2026-03-04.
WEDNESDAY = date(2026, 3, 4)
DAY = timedelta(days=1)


def sees(cast: Cast, first: date | None, last: date | None) -> None:
    ProgramMembership.objects.filter(user=cast.auditor).update(sees_from=first, sees_until=last)


@pytest.mark.parametrize(
    ("first", "last", "is_seen"),
    [
        (WEDNESDAY, WEDNESDAY, True),
        (WEDNESDAY + DAY, WEDNESDAY + 9 * DAY, False),
        (WEDNESDAY - 9 * DAY, WEDNESDAY - DAY, False),
        (None, None, False),
        (WEDNESDAY, WEDNESDAY - DAY, False),
    ],
)
def test_a_session_outside_the_dates_is_not_found(
    cast: Cast, first: date | None, last: date | None, is_seen: bool
) -> None:
    sees(cast, first, last)
    assert sessions_for(cast.auditor, cast.at).filter(pk=cast.group_session.pk).exists() is is_seen
    assert session_list(cast.auditor, SessionFilters(), cast.at).total == int(is_seen)
    if not is_seen:
        with pytest.raises(NotFound):
            get_session_for(cast.auditor, cast.group_session.pk, cast.at)


def test_the_service_date_is_that_of_the_programs_clock_at_the_opening(cast: Cast) -> None:
    # Half past eleven at night in New York is the next day in UTC.
    opened = datetime(2026, 3, 5, 4, 30, tzinfo=UTC)
    GroupSession.objects.filter(pk=cast.group_session.pk).update(
        scheduled_start=opened + timedelta(hours=1),
        scheduled_end=opened + timedelta(hours=2),
        opened_at=opened,
    )
    sees(cast, WEDNESDAY, WEDNESDAY)
    assert get_session_for(cast.auditor, cast.group_session.pk, cast.at)
    sees(cast, WEDNESDAY + DAY, WEDNESDAY + DAY)
    with pytest.raises(NotFound):
        get_session_for(cast.auditor, cast.group_session.pk, cast.at)


def test_patients_are_those_whose_episode_touches_the_dates(cast: Cast) -> None:
    patient = cast.record_of(cast.patient)
    sees(cast, WEDNESDAY, WEDNESDAY)
    assert get_patient_for(cast.auditor, patient.pk, cast.at) == patient
    episode = Enrollment.objects.filter(patient=patient)
    episode.update(state="DISCHARGED", discharged_on=WEDNESDAY - DAY)
    assert patient.pk not in {row.patient.pk for row in patients_of(cast.auditor, cast.at)}
    assert patient.pk in {row.patient.pk for row in patients_of(cast.admin, cast.at)}
    with pytest.raises(NotFound):
        get_patient_for(cast.auditor, patient.pk, cast.at)
    sees(cast, None, None)
    assert patients_of(cast.auditor, cast.at) == []

"""A patient's attendance over time: sessions, weeks, make-ups, and what an auditor does not read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sessions.models import (
    AbsenceDecision,
    Correction,
    CorrectionDecision,
    Dispute,
    RosterEntry,
)
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling.schedule import create_session
from telehealth.audit.models import AuditEvent
from telehealth.programs.models import ProgramMembership
from tests.cast import Cast
from tests.factories import Relay, join

from .browsing import Browser
from .stories import TUESDAY, example_b, ny, present, tuesday_group

pytestmark = pytest.mark.django_db
HISTORY = "sessions:patient_history"
DAY = timedelta(days=1)
SECRET = "He told me about his mother"


def read(cast: Cast, who: str = "admin", **query: str) -> str:
    patient = cast.record_of(cast.patient)
    return Browser(getattr(cast, who), cast.at).read(HISTORY, patient.pk, **query)


def correct(cast: Cast, group: object, *, new_min: int) -> None:
    """Write an approved correction as the service would."""
    patient = cast.record_of(cast.patient)
    row = Correction.objects.create(
        group_session=group,
        patient=patient,
        old_min=154,
        new_min=new_min,
        reason="device_failure",
        narrative=SECRET,
        is_late_entry=True,
        needs_second_person=True,
        requested_by=cast.therapist,
        requested_at=cast.at,
    )
    CorrectionDecision.objects.create(
        correction=row, outcome="approved", note=SECRET, decided_by=cast.admin, decided_at=cast.at
    )
    patient.attendance_records.filter(group_session=group).update(
        adjusted_min=new_min, adjusted_hours_min=new_min
    )


@pytest.mark.parametrize("who", ["admin", "auditor", "case_manager", "therapist"])
def test_a_session_and_its_week_read_as_everywhere_else(cast: Cast, who: str) -> None:
    example_b(cast)
    text = read(cast, who)
    for expected in (
        "Pat Example",
        "Tuesday group",
        "Present for a part",
        "Credited154 min",
        "Toward hours154 min",
        "Billable153 min",
        "Arrived late",
        "Mar 1 - Mar 7, 2026",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("who", "reads_words"), [("admin", True), ("case_manager", True), ("auditor", False)]
)
def test_auditors_see_decisions_but_not_what_people_wrote(cast: Cast, who: str, reads_words: bool) -> None:
    group, patient = example_b(cast), cast.record_of(cast.patient)
    correct(cast, group, new_min=160)
    Dispute.objects.create(
        group_session=group,
        patient=patient,
        credited_min=154,
        text=SECRET,
        raised_by=cast.patient,
        raised_at=cast.at,
    )
    reader = Browser(getattr(cast, who), cast.at)
    texts = [reader.read(HISTORY, patient.pk)]
    if who != "case_manager":
        texts.append(reader.read("sessions:audit", group.pk))
    for text in texts:
        for state in ("The patient's device failed", "154 → 160 min", "Late entry", "Waits for an answer"):
            assert state in text
        assert (SECRET in text) is reads_words
        assert "Stands, by a correction160 min" in text
        assert "Computed154 min" in text


def test_an_absence_shows_its_kind_and_what_makes_it_up(cast: Cast) -> None:
    patient = cast.record_of(cast.patient)
    missed = tuesday_group(cast, [cast.patient, cast.more_patients[0]])
    seat, relay = join(cast, cast.therapist, ny("09:00"), group_session=missed), Relay("boot-missed")
    present(relay, missed, cast.therapist, seat.connection, "09:00", "12:15", "ended")
    room.open_session(actor=cast.therapist, group_session_id=missed.pk, at=ny("09:00"))
    room.end_session(actor=cast.therapist, group_session_id=missed.pk, at=ny("12:15"))
    relay.deliver(ny("12:15"), is_last=True)
    attendance.recompute(missed.pk, at=ny("12:16"))
    AbsenceDecision.objects.create(
        group_session=missed,
        patient=patient,
        kind="EXCUSED",
        reason="court",
        note=SECRET,
        decided_by=cast.case_manager,
        decided_at=cast.at,
    )
    extra = create_session(
        actor=cast.admin,
        program=cast.program,
        title="Make-up group",
        service_type=missed.service_type,
        facilitator=cast.therapist,
        start=cast.at + timedelta(days=1),
        end=cast.at + timedelta(days=1, hours=1),
        patients=[patient],
        at=cast.at,
    )
    RosterEntry.objects.filter(group_session=extra).update(
        makes_up=RosterEntry.objects.get(group_session=missed, patient=patient)
    )
    text = read(cast, "auditor")
    for expected in (
        "The patient did not come",
        "Excused",
        "Court",
        "Made up by Make-up group",
        "Did not come1",
    ):
        assert expected in text
    assert SECRET not in text
    assert SECRET in read(cast)


def test_days_and_months_narrow_the_page(cast: Cast) -> None:
    example_b(cast)
    assert "Tuesday group" in read(cast, month="2026-03")
    assert "Tuesday group" in read(cast, from_on="2026-03-03", to_on="2026-03-03")
    for other in ({"month": "2026-02"}, {"from_on": "2026-02-24", "to_on": "2026-03-02"}):
        assert "Tuesday group" not in read(cast, **other)
    wrong = read(cast, from_on="2026-03-09", to_on="2026-03-01")
    assert "This day lies before the first one." in wrong
    assert "Choose a month such as 2026-11." in read(cast, month="March")


def test_a_long_span_is_cut_and_says_so(cast: Cast) -> None:
    assert "Fourteen weeks are shown at most" in read(cast, from_on="2025-01-01", to_on="2026-03-04")


def test_without_sessions_the_page_says_what_to_do(cast: Cast) -> None:
    assert "Show another span of days." in read(cast, month="2026-02")


def test_an_auditor_sees_the_days_of_the_seat_and_weeks_wholly_in_it(cast: Cast) -> None:
    example_b(cast)
    seat = ProgramMembership.objects.filter(user=cast.auditor)
    seat.update(sees_from=TUESDAY + DAY, sees_until=TUESDAY + 30 * DAY)
    assert "Tuesday group" not in read(cast, "auditor")
    seat.update(sees_from=TUESDAY, sees_until=TUESDAY + 30 * DAY)
    text = read(cast, "auditor")
    assert "Tuesday group" in text
    assert "not shown: a part of this week lies outside your dates" in text
    seat.update(sees_from=date(2026, 3, 1), sees_until=date(2026, 3, 7))
    assert "lies outside your dates" not in read(cast, "auditor", from_on="2026-03-01", to_on="2026-03-07")


def test_patients_of_other_programs_are_not_found_and_every_look_is_written_down(cast: Cast) -> None:
    theirs, mine = cast.record_of(cast.other_patient), cast.record_of(cast.patient)
    assert Browser(cast.admin, cast.at).get(HISTORY, theirs.pk).status_code == 404
    assert Browser(cast.patient, cast.at).get(HISTORY, mine.pk).status_code == 403
    read(cast, "therapist", month="2026-03")
    event = AuditEvent.objects.order_by("-seq")[0]
    assert (event.action, event.actor, event.subject_id) == (
        "attendance.viewed",
        cast.therapist,
        str(mine.pk),
    )
    assert event.data["from"] == "2026-03-01"


def test_queries_do_not_grow_with_sessions(cast: Cast) -> None:
    patient = cast.record_of(cast.patient)
    example_b(cast)
    browser = Browser(cast.admin, cast.at)
    before = browser.queries(HISTORY, patient.pk)
    for hour in (13, 14, 15):
        create_session(
            actor=cast.admin,
            program=cast.program,
            title="Another group",
            service_type="group_therapy",
            facilitator=cast.therapist,
            start=ny(f"{hour}:00"),
            end=ny(f"{hour}:45"),
            patients=[patient],
            at=ny("08:00"),
        )
    assert browser.queries(HISTORY, patient.pk) == before

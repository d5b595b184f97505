"""The audit page: observed times, decided minutes, the terms, and whether all of it is final."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from sessions.models import AttendanceRecord, ServiceType
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling.schedule import create_session
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from tests.cast import Cast
from tests.factories import freeze_terms, fresh, join

from .browsing import Browser, words
from .stories import MINUTE, example_b, running

pytestmark = pytest.mark.django_db
AUDIT = "sessions:audit"
DIFFERS = "The stored record differs from what the evidence gives now."


def test_numbers_and_flags_are_those_of_the_worked_example(cast: Cast) -> None:
    group = example_b(cast)
    for reader in (cast.admin, cast.auditor):
        text = Browser(reader, cast.at).read(AUDIT, group.pk)
        mine = text[text.index("Pat Example") : text.index("Patient2 Example")]
        for words_of_it in (
            "Present for a part",
            "Credited154 min",
            "Billable153 min",
            "Toward hours154 min",
            "Of what was delivered0.8583",
            "Devices3",
            "Arrived late",
            "Left early",
            "A short interruption was bridged: credited, but not billable",
        ):
            assert words_of_it in mine
        assert "may still change" not in text
        assert DIFFERS not in text


def test_the_strip_says_in_a_table_what_it_draws(cast: Cast) -> None:
    group = example_b(cast)
    text = Browser(cast.admin, cast.at).read(AUDIT, group.pk)
    mine = text[text.index("Pat Example") : text.index("Patient2 Example")]
    rows = re.findall(
        r"(\d+:\d\d:\d\d [AP]M) ?(\d+:\d\d:\d\d [AP]M) ?(\d+:\d\d:\d\d) ?([A-Z][a-z, ]+?) ?(yes|no)(?=\d| )",
        mine,
    )
    assert [(start, end, words, counts) for start, end, _, words, counts in rows] == [
        ("9:00:00 AM", "9:12:20 AM", "Not here yet", "no"),
        ("9:12:20 AM", "10:02:00 AM", "In the room, counts", "yes"),
        ("10:02:00 AM", "10:03:30 AM", "Short drop, counts all the same", "yes"),
        ("10:03:30 AM", "10:30:00 AM", "In the room, counts", "yes"),
        ("10:30:00 AM", "10:45:00 AM", "Break", "no"),
        ("10:45:00 AM", "11:10:00 AM", "In the room, counts", "yes"),
        ("11:10:00 AM", "11:17:10 AM", "Out of the room", "no"),
        ("11:17:10 AM", "12:09:00 PM", "In the room, counts", "yes"),
        ("12:09:00 PM", "12:15:00 PM", "Left", "no"),
    ]


def test_delivery_clinician_evidence_and_terms_stand_beside_the_patients(cast: Cast) -> None:
    held = example_b(cast)
    text = Browser(cast.auditor, cast.at).read(AUDIT, held.pk)
    for expected in (
        "All times on this page are New York time, the program's. Service date March 3, 2026.",
        "Opened9:00 AM EST",
        "Ended12:15 PM EST",
        "Break10:30 AM EST to 10:45 AM EST",
        "Countable time3 h",
        "Thea Example",
        "rejoin_bridge_sec",
        "min_credit_min",
        ", version ",
    ):
        assert expected in text
    head = held.presence_events.order_by("-id").values_list("row_hash", flat=True)[0]
    assert head in text


def test_a_term_that_differs_from_the_default_is_told_apart(cast: Cast) -> None:
    freeze_terms(cast.group_session, rejoin_bridge_sec=0)
    running(cast)
    text = Browser(cast.admin, cast.at).read(AUDIT, cast.group_session.pk)
    assert "Test terms, version 2" in text
    assert re.search(r"rejoin_bridge_sec ?0(?! ?default)", text)
    assert re.search(r"min_credit_min ?15 ?default", text)


def test_while_it_runs_the_page_says_that_figures_may_change(cast: Cast) -> None:
    known, relay = running(cast)
    text = Browser(cast.admin, known).read(AUDIT, cast.group_session.pk)
    assert "The session is running. Computed up to 10:30 AM EST; the figures may still change." in text
    # Newer facts than the last computation of the record are no contradiction.
    seat = join(cast, cast.patient, known, take_over=True)
    relay.first_packet(cast.group_session, cast.patient, seat.connection, known)
    relay.beat(cast.group_session, cast.patient, seat.connection, known + 3 * MINUTE)
    relay.deliver(known + 3 * MINUTE)
    assert DIFFERS not in Browser(cast.admin, known + 3 * MINUTE).read(AUDIT, cast.group_session.pk)


def test_until_every_relay_has_spoken_an_ended_session_is_not_final(cast: Cast) -> None:
    known, relay = running(cast)
    pk, end = cast.group_session.pk, known + 5 * MINUTE
    room.end_session(actor=cast.therapist, group_session_id=pk, at=end)
    attendance.recompute(pk, at=end)
    early = Browser(cast.admin, end + MINUTE).read(AUDIT, pk)
    assert "The session is over, but not all records of its connections are in yet." in early
    relay.deliver(end + 2 * MINUTE, is_last=True)
    attendance.recompute(pk, at=end + 2 * MINUTE)
    assert "not all records" not in Browser(cast.admin, end + 3 * MINUTE).read(AUDIT, pk)


def test_a_record_that_the_facts_do_not_support_is_shown_up(cast: Cast) -> None:
    group = example_b(cast)
    AttendanceRecord.objects.filter(group_session=group, patient__user=cast.patient).update(credited_min=180)
    text = Browser(cast.auditor, cast.at).read(AUDIT, group.pk)
    assert text.count(DIFFERS) == 1
    assert "Credited154 min" in text


def test_a_session_that_was_never_held_or_had_nobody_has_a_page_too(cast: Cast) -> None:
    text = Browser(cast.admin, cast.at).read(AUDIT, cast.group_session.pk)
    assert "Openednever" in text
    assert "none was in the room" in text
    empty = create_session(
        actor=cast.admin,
        program=cast.program,
        title="Nobody came",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.covering_therapist,
        start=cast.at,
        end=cast.at + timedelta(hours=1),
        patients=[],
        at=cast.at,
    )
    join(cast, cast.covering_therapist, cast.at, group_session=empty)
    room.open_session(actor=cast.covering_therapist, group_session_id=empty.pk, at=cast.at)
    room.end_session(actor=cast.covering_therapist, group_session_id=empty.pk, at=cast.at + MINUTE)
    attendance.recompute(empty.pk, at=cast.at + MINUTE)
    text = Browser(cast.admin, cast.at + timedelta(days=1)).read(AUDIT, empty.pk)
    assert "No patient was expected in this session." in text
    assert "not all records" not in text


def test_a_cancelled_session_has_a_page_too(cast: Cast) -> None:
    admin, pk = Browser(cast.admin, cast.at), cast.group_session.pk
    admin.post("sessions:cancel", pk, reason="Storm")
    text = admin.read(AUDIT, pk)
    assert text.count("The program cancelled this session") == 3
    assert fresh(cast.group_session).opened_at is None


def test_every_look_and_every_file_is_written_down(cast: Cast) -> None:
    group, auditor = example_b(cast), Browser(cast.auditor, cast.at)
    for page in (AUDIT, "sessions:audit_csv", "sessions:evidence"):
        assert auditor.get(page, group.pk).status_code == 200
    looks = AuditEvent.objects.filter(actor=cast.auditor, subject_id=group.pk).order_by("id")
    assert [(event.action, event.at) for event in looks] == [
        (AuditAction.AUDIT_VIEWED, cast.at),
        (AuditAction.AUDIT_EXPORTED, cast.at),
        (AuditAction.EVIDENCE_EXPORTED, cast.at),
    ]


def test_an_auditor_who_may_look_may_not_change(cast: Cast) -> None:
    group = example_b(cast)
    for page in (AUDIT, "sessions:audit_csv", "sessions:evidence"):
        assert Browser(cast.auditor, cast.at).post(page, group.pk).status_code == 405
    assert "Audit" in words(Browser(cast.auditor, cast.at).get("sessions:detail", group.pk))

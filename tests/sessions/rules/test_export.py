"""From the ledger to an evidence file and back."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sessions.rules import compute, parse, to_json
from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.document.export import (
    EnrollmentDescription,
    ExportError,
    PatientDescription,
    SessionDescription,
    enrollment_document,
    evidence_document,
)
from sessions.rules.presence.fold import SessionPresence, fold
from tests.sessions.rules.ledger import VOICE, Ledger, t

ROSTER = (PatientDescription("P1", "u1"), PatientDescription("P2", "u2"), PatientDescription("P3", "u3"))


def description(**more) -> SessionDescription:
    known = {
        "id": "S",
        "service_type": ServiceType.GROUP_THERAPY,
        "scheduled_start": t("14:00"),
        "scheduled_end": t("15:00"),
        "patients": ROSTER,
        "planned_breaks": ((t("14:30"), t("14:35")),),
    }
    return SessionDescription(**(known | more))


def held() -> Ledger:
    ledger = Ledger().web("opened", "14:00", "doc").admitted("13:58", "doc", "facilitator")
    ledger.first("13:58:01", "doc", "f").web("lobby_entered", "13:55:00.8", "u1").admitted("14:00:01.5", "u1")
    ledger.first("14:00:03", "u1", "a").beat("14:00:04", "u1", "a")
    ledger.admitted("14:00:02", "u2").first("14:00:04", "u2", "b").beat("14:00:05", "u2", "b", tracks=VOICE)
    ledger.closed("14:50:01", "14:50", "left", "u2", "b")
    ledger.beat("14:59:58", "doc", "f").beat("14:59:58", "u1", "a")
    return ledger.web("ended", "15:00:00.4", "doc", reason="facilitator")


def document(presence: SessionPresence, *, as_of: str = "16:00", **more):
    written = evidence_document(
        as_of=t(as_of),
        program_tz="America/New_York",
        policy={"late_grace_min": 4, "min_presence_ratio": Decimal("0.80")},
        sessions=[(description(**more), presence)],
        enrollments=[
            EnrollmentDescription(
                patient="P1",
                targets=[(date(2026, 10, 1), 540)],
                admitted_on=date(2026, 10, 1),
                expected_rate=Decimal("0.9000"),
                policy={"late_grace_min": 3},
            )
        ],
    )
    return json.loads(json.dumps(written))


def result(written):
    return to_json(compute(parse(json.dumps(written))))


def test_an_exported_file_is_read_back_and_gives_the_minutes():
    written = document(fold(held().facts))
    session = result(written)["sessions"][0]
    assert session["window"] == ["2026-11-17T14:00:00Z", "2026-11-17T15:00:00Z"]
    first, second, third = session["patients"]
    assert (first["id"], first["credited_min"], first["status"], first["flags"]) == ("P1", 54, "PRESENT", [])
    assert (second["credited_min"], second["flags"]) == (44, ["AUDIO_ONLY", "EARLY_LEAVE"])
    assert (third["status"], third["flags"]) == ("NO_SHOW", [])


def test_the_file_says_what_the_fold_found():
    session = document(fold(held().facts))["sessions"][0]
    assert session["opened_at"] == "2026-11-17T14:00:00Z"
    assert session["ended_at"] == "2026-11-17T15:00:00Z"
    assert session["facilitators"] == [
        {"id": "doc", "presence": [["2026-11-17T13:58:00Z", "2026-11-17T15:00:00Z"]]}
    ]
    assert session["patients"][0] == {
        "id": "P1",
        "lobby_at": "2026-11-17T13:55:00Z",
        "presence": [["2026-11-17T14:00:01Z", "2026-11-17T15:00:00Z"]],
        "audio_only": [],
        "camera_off": [],
    }
    assert session["patients"][2] == {
        "id": "P3",
        "lobby_at": None,
        "presence": [],
        "audio_only": [],
        "camera_off": [],
    }
    assert session["breaks"] == [["2026-11-17T14:30:00Z", "2026-11-17T14:35:00Z"]]


def test_decimals_are_written_exactly():
    written = document(fold(held().facts))
    assert written["policy"]["min_presence_ratio"] == "0.80"
    assert written["enrollments"][0]["expected_rate"] == "0.9000"


def test_live_breaks_replace_the_planned_ones():
    ledger = held().web("break_started", "14:10", "doc").web("break_ended", "14:12", "doc")
    session = document(fold(ledger.facts))["sessions"][0]
    assert session["breaks"] == [["2026-11-17T14:10:00Z", "2026-11-17T14:12:00Z"]]


def test_a_session_never_opened_has_no_presence():
    ledger = Ledger().admitted("13:58", "doc", "facilitator").first("13:58:01", "doc", "f")
    ledger.web("lobby_entered", "13:59", "u1").web("ended", "14:20", "doc", reason="cancelled")
    written = document(fold(ledger.facts), cancelled_by_program=True)
    session = written["sessions"][0]
    assert (session["opened_at"], session["ended_at"]) == (None, None)
    assert session["facilitators"] == [{"id": "doc", "presence": []}]
    assert session["patients"][0]["lobby_at"] == "2026-11-17T13:59:00Z"
    assert result(written)["sessions"][0]["patients"][0]["status"] == "CANCELLED_BY_PROGRAM"


def test_a_session_without_facts_is_scheduled():
    written = document(SessionPresence(), as_of="12:00")
    assert result(written)["sessions"][0]["patients"][0]["status"] == "SCHEDULED"
    assert result(written)["weeks"][0]["remaining_min"] == 55


def test_a_running_session_is_in_progress_without_a_gap():
    ledger = Ledger().web("opened", "14:00", "doc").admitted("14:00", "doc", "facilitator")
    ledger.first("14:00:00.5", "doc", "f").first("14:00:01", "u1", "a").admitted("14:00", "u1")
    ledger.beat("14:19:56", "doc", "f").beat("14:19:57", "u1", "a")
    presence = fold(ledger.facts, as_of=t("14:20"))
    mine = result(document(presence, as_of="14:20"))["sessions"][0]["patients"][0]
    assert (mine["status"], mine["credited_min"], mine["flags"]) == ("IN_PROGRESS", 20, [])


def test_observers_are_in_no_evidence():
    ledger = held().admitted("14:01", "watcher", "observer").first("14:01", "watcher", "o")
    text = json.dumps(document(fold(ledger.facts)))
    assert "watcher" not in text


def test_a_patient_whom_no_roster_names_is_not_left_out_in_silence():
    with pytest.raises(ExportError, match="u2"):
        document(
            fold(held().facts), patients=(PatientDescription("P1", "u1"), PatientDescription("P3", "u3"))
        )


def test_incidents_and_terms_of_a_session_travel():
    outage = ((t("14:50"), t("14:50") + timedelta(seconds=90.9)),)
    session = document(fold(held().facts), incidents=outage, policy={"break_counts": True})["sessions"][0]
    assert session["incidents"] == [["2026-11-17T14:50:00Z", "2026-11-17T14:51:30Z"]]
    assert session["policy"] == {"break_counts": True}


def test_whoever_was_in_a_room_that_was_never_opened_was_in_no_session():
    ledger = Ledger().admitted("13:58", "u1").first("13:58", "u1", "a").beat("14:10", "u1", "a")
    never_opened = fold(ledger.facts)
    assert never_opened.participants["u1"].presence
    patient = document(never_opened)["sessions"][0]["patients"][0]
    assert (patient["presence"], patient["audio_only"], patient["camera_off"]) == ([], [], [])
    ended = document(SessionPresence(ended_at=t("14:20")))["sessions"][0]
    assert (ended["opened_at"], ended["ended_at"]) == (None, None)


def test_time_with_the_camera_off_travels():
    ledger = held().silent("14:20:10", "14:20", "u1", "a", track="camera")
    ledger.resumed("14:22", "u1", "a", track="camera")
    session = document(fold(ledger.facts))["sessions"][0]
    assert session["patients"][0]["camera_off"] == [["2026-11-17T14:20:00Z", "2026-11-17T14:22:00Z"]]


def test_an_episode_is_written_whole():
    short = EnrollmentDescription(
        patient="P9",
        targets=[(date(2026, 10, 1), 540), (date(2026, 12, 6), 360)],
        admitted_on=date(2026, 10, 1),
        discharged_on=date(2026, 12, 20),
        policy={"min_presence_ratio": Decimal("1E-7")},
    )
    assert enrollment_document(short) == {
        "patient": "P9",
        "targets": [["2026-10-01", 540], ["2026-12-06", 360]],
        "admitted_on": "2026-10-01",
        "discharged_on": "2026-12-20",
        "expected_rate": None,
        "policy": {"min_presence_ratio": "0.0000001"},
    }
    sure = EnrollmentDescription("P9", [(date(2026, 10, 1), 0)], date(2026, 10, 1), None, Decimal("1E-7"))
    assert enrollment_document(sure)["expected_rate"] == "0.0000001"

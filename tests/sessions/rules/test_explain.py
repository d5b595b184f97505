"""The readable answer."""

import json

from sessions.rules import compute, parse
from sessions.rules.crediting.explain import explain, why
from sessions.rules.crediting.held import Stage
from sessions.rules.crediting.status import Flag, Status
from sessions.rules.crediting.timeline import PieceKind
from sessions.rules.telling.words import (
    FLAG_WORDS,
    PIECE_WORDS,
    STAGE_WORDS,
    STATUS_WORDS,
    WEEK_FLAG_WORDS,
    WEEK_NOTE_WORDS,
    in_words,
)
from sessions.rules.weekly.weeks import WeekFlag, WeekNote
from tests.sessions.rules.builders import enrollment, evidence, not_opened, patient, session

EXAMPLE_B = session(
    patient("p1", "09:12:20-10:02:00", "10:03:30-11:10:00", "11:17:10-12:09:00"),
    patient("p2", "09:00-12:15"),
    breaks=("10:30-10:45",),
)


def text_of(document) -> str:
    read = parse(json.dumps(document))
    return explain(read, compute(read))


def patient_of(document):
    return compute(parse(json.dumps(document))).sessions[0].patients[0]


def test_every_word_of_the_vocabularies_has_plain_english():
    assert set(STATUS_WORDS) == set(Status)
    assert set(FLAG_WORDS) == set(Flag)
    assert set(PIECE_WORDS) == set(PieceKind)
    assert set(STAGE_WORDS) == set(Stage)
    assert set(WEEK_FLAG_WORDS) == set(WeekFlag)
    assert set(WEEK_NOTE_WORDS) == set(WeekNote)


def test_why_154():
    assert why(patient_of(evidence(EXAMPLE_B))) == (
        "2 h 34 min 30 s count (1 min 30 s of them bridged), in whole minutes 154; "
        "25 min 30 s away, 15 min of break."
    )


def test_why_nothing():
    assert why(patient_of(evidence(not_opened(session(patient()))))) == "Nothing was held."
    short = session(patient("p1", "09:00-09:11"), patient("p2", "09:00-12:15"))
    assert why(patient_of(evidence(short))) == "11 min count, 0 minutes credited; 3 h 4 min away."


def test_the_text_holds_tables_and_a_timeline_in_the_programs_time():
    text = text_of(evidence(EXAMPLE_B, enrollments=(enrollment(),)))
    assert "Session G, group_therapy, service date 2026-11-17" in text
    assert "p1       PARTIAL  154 min   153 min" in text
    assert "BRIDGED: A short interruption was bridged: credited, but not billable" in text
    assert "Tue 2026-11-17 10:02:00 to 10:03:30 EST" in text
    assert "short interruption, credited but not billable" in text
    assert "2026-11-15  540 min" in text
    assert text.endswith("\n")


def test_a_span_over_a_clock_change_names_both_zones():
    night = session(patient(), scheduled="09:00-10:00") | {
        "scheduled_start": "2026-11-01T01:30:00-04:00",
        "scheduled_end": "2026-11-01T01:30:00-05:00",
        "opened_at": None,
        "ended_at": None,
        "facilitators": [],
    }
    assert "Sun 2026-11-01 01:30:00 EDT to Sun 2026-11-01 01:30:00 EST" in text_of(evidence(night))


def test_odd_ids_cannot_break_the_table():
    text = text_of(evidence(session(patient("p\n\x1b[31m"), session_id="a\ud800b")))
    assert "\x1b" not in text
    assert text.encode("utf-8")


def test_durations_in_words():
    assert [in_words(seconds) for seconds in (0, 59, 60, 3600, 9270)] == [
        "0 min",
        "59 s",
        "1 min",
        "1 h",
        "2 h 34 min 30 s",
    ]

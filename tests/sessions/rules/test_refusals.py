"""What the pure rules say when they refuse: whole sentences, which name no person."""

from datetime import UTC, datetime, time, timedelta

import pytest

from sessions.rules.document.errors import EvidenceError
from sessions.rules.presence.facts import Fact, FactError, FactKind, check
from sessions.rules.time.recurrence import PlannedBreak, RuleError, WeeklyRule
from tests.sessions.rules.ledger import t

STAMP = {"last_packet_at": "2026-11-17T14:00:00+00:00"}
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "changes", "sentence"),
    [
        (FactKind.OPENED, {"seq": 0}, "a fact needs a journal and a number from 1"),
        (FactKind.OPENED, {"source_boot": ""}, "a fact needs a journal and a number from 1"),
        (FactKind.OPENED, {"at": datetime(2026, 11, 17)}, "a fact needs an aware time"),  # noqa: DTZ001
        (FactKind.LEFT, {"participant": None}, "left needs a participant"),
        (FactKind.FIRST_PACKET, {"connection": None}, "first_packet needs a connection"),
        (FactKind.OPENED, {"data": {"by": "x"}}, "opened carries no data"),
        (FactKind.SILENT, {"data": {}}, "silent carries last_packet_at, track"),
        (
            FactKind.FIRST_PACKET,
            {"data": {"last_packet_at": 1}},
            "first_packet carries an unreadable last_packet_at",
        ),
    ],
)
def test_a_fact_is_refused_with_its_reason(kind, changes, sentence):
    whole = {
        "source_boot": "r1",
        "seq": 1,
        "kind": kind,
        "at": t("14:00"),
        "participant": "p",
        "connection": "c",
    }
    with pytest.raises(FactError) as refused:
        check(Fact(**(whole | changes)))
    assert str(refused.value) == sentence


def test_a_track_that_sent_nothing_yet_is_a_track():
    counters = {"microphone": {"packets": 0, "bytes": 0}}
    check(Fact("r1", 1, FactKind.BEAT, t("14:00"), "p", "c", {**STAMP, "tracks": counters}))


def test_the_stamp_of_a_packet_is_read_in_utc():
    beat = Fact("r1", 1, FactKind.BEAT, t("14:00"), "p", "c", {"last_packet_at": "2026-11-17T09:00:00-05:00"})
    assert beat.last_packet_at == t("14:00")
    assert beat.last_packet_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"weekdays": frozenset()}, "a series needs weekdays from 0 (Monday) to 6 (Sunday)"),
        ({"starts_at": time(9, tzinfo=UTC)}, "a series starts at a wall-clock time in whole seconds"),
        ({"duration": timedelta(0)}, "a series needs a length"),
        (
            {"breaks": (PlannedBreak(MINUTE, timedelta(0)),)},
            "a break needs a length and lies inside the meeting",
        ),
        ({"breaks": (PlannedBreak(50 * MINUTE, 11 * MINUTE),)}, "a break lies inside the meeting"),
    ],
)
def test_a_series_is_refused_with_its_reason(broken, sentence):
    whole = {"zone": "UTC", "weekdays": frozenset({0}), "starts_at": time(9), "duration": 60 * MINUTE}
    with pytest.raises(RuleError) as refused:
        WeeklyRule(**(whole | broken))
    assert str(refused.value) == sentence


def test_a_break_may_fill_the_edges_of_a_meeting():
    breaks = (PlannedBreak(timedelta(0), MINUTE), PlannedBreak(59 * MINUTE, MINUTE))
    assert WeeklyRule("UTC", frozenset({0}), time(9), 60 * MINUTE, breaks).breaks == breaks


def test_an_error_of_evidence_keeps_place_and_problem():
    error = EvidenceError("sessions[0]", "missing")
    assert (error.place, error.problem, str(error)) == ("sessions[0]", "missing", "sessions[0]: missing")

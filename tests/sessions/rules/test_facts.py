"""The vocabulary of the ledger."""

from dataclasses import replace
from datetime import datetime

import pytest

from sessions.rules.presence.facts import CloseReason, EndReason, Fact, FactError, FactKind, Role, check
from tests.sessions.rules.ledger import CAMERA, t

STAMP = {"last_packet_at": "2026-11-17T14:00:00.5+00:00"}
GOOD = [
    (FactKind.LOBBY_ENTERED, {}),
    (FactKind.ADMITTED, {"role": "observer"}),
    (FactKind.OPENED, {}),
    (FactKind.BREAK_STARTED, {}),
    (FactKind.BREAK_ENDED, {}),
    (FactKind.REMOVED, {"by": "doc"}),
    (FactKind.CONSENT_REVOKED, {}),
    (FactKind.LEFT, {}),
    (FactKind.ENDED, {"reason": "auto_end"}),
    (FactKind.FIRST_PACKET, STAMP),
    (FactKind.BEAT, STAMP | {"tracks": CAMERA}),
    (FactKind.BEAT, STAMP | {"tracks": {}}),
    (FactKind.SILENT, STAMP | {"track": None}),
    (FactKind.RESUMED, {"track": "camera"}),
    (FactKind.CLOSED, STAMP | {"reason": "boot_ended", "inferred": True}),
]


def fact(kind: FactKind, data, **more) -> Fact:
    whole = Fact("r1", 1, kind, t("14:00"), "p", "c" if kind.is_of_relay else None, data)
    return replace(whole, **more)


@pytest.mark.parametrize(("kind", "data"), GOOD)
def test_facts_of_the_vocabulary_are_accepted(kind, data):
    check(fact(kind, data))


def test_every_kind_is_in_the_table():
    assert {kind for kind, _ in GOOD} == set(FactKind)


@pytest.mark.parametrize(("kind", "data"), GOOD)
def test_data_beyond_the_vocabulary_is_refused(kind, data):
    with pytest.raises(FactError):
        check(fact(kind, {**data, "name": "Jane"}))
    for key in data:
        with pytest.raises(FactError):
            check(fact(kind, {name: value for name, value in data.items() if name != key}))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (FactKind.ADMITTED, {"role": "visitor"}),
        (FactKind.REMOVED, {"by": 5}),
        (FactKind.ENDED, {"reason": "left"}),
        (FactKind.FIRST_PACKET, {"last_packet_at": "2026-11-17T14:00:00"}),
        (FactKind.FIRST_PACKET, {"last_packet_at": "soon"}),
        (FactKind.FIRST_PACKET, {"last_packet_at": 5}),
        (FactKind.BEAT, STAMP | {"tracks": []}),
        (FactKind.BEAT, STAMP | {"tracks": {"screen": {"packets": 1, "bytes": 1}}}),
        (FactKind.BEAT, STAMP | {"tracks": {"camera": {"packets": -1, "bytes": 1}}}),
        (FactKind.BEAT, STAMP | {"tracks": {"camera": {"packets": 1}}}),
        (FactKind.BEAT, STAMP | {"tracks": {"camera": None}}),
        (FactKind.SILENT, STAMP | {"track": "microphone"}),
        (FactKind.CLOSED, STAMP | {"reason": "facilitator", "inferred": False}),
        (FactKind.CLOSED, STAMP | {"reason": "left", "inferred": "no"}),
    ],
)
def test_unreadable_data_is_refused(kind, data):
    with pytest.raises(FactError):
        check(fact(kind, data))


@pytest.mark.parametrize(
    "more",
    [
        {"seq": 0},
        {"source_boot": ""},
        {"participant": None},
        {"connection": None},
        {"at": datetime(2026, 11, 17, 14)},  # noqa: DTZ001 - the naive time is the defect
    ],
)
def test_an_incomplete_fact_is_refused(more):
    with pytest.raises(FactError):
        check(fact(FactKind.FIRST_PACKET, STAMP, **more))


def test_session_facts_need_no_participant():
    check(fact(FactKind.ENDED, {"reason": "auto_end"}, participant=None))


def test_readers_read_and_never_raise():
    closed = fact(FactKind.CLOSED, STAMP | {"reason": "left", "inferred": False})
    assert (closed.last_packet_at, closed.close_reason) == (t("14:00:00.5"), CloseReason.LEFT)
    assert fact(FactKind.ADMITTED, {"role": "patient"}).role is Role.PATIENT
    assert fact(FactKind.ENDED, {"reason": "cancelled"}).end_reason is EndReason.CANCELLED
    broken = fact(FactKind.BEAT, {"last_packet_at": None, "tracks": None, "role": 1, "reason": []})
    assert (broken.last_packet_at, broken.has_camera, broken.role) == (None, None, None)
    assert (broken.close_reason, broken.end_reason, broken.is_of_camera) == (None, None, False)

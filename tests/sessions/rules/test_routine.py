"""Routine beats: presence derived without them is the presence derived with all of them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.rules.presence.facts import Fact, FactKind, in_order
from sessions.rules.presence.fold import fold
from sessions.rules.presence.routine import RoutineReader, needs_every_fact, reduced
from tests.sessions.rules.ledger import CAMERA, VOICE, Ledger, t

COUNTS = {"packets": 1, "bytes": 1}
TRACKS = [{}, {"microphone": COUNTS}, {"camera": COUNTS}, {"microphone": COUNTS, "camera": COUNTS}]
SECOND = timedelta(seconds=1)
START = t("14:00")


@dataclass
class Journal:
    """What a relay may write about one connection: its times and its last packet never go back."""

    boot: str
    person: str
    connection: str
    at: datetime = START
    last: datetime = START
    lines: list[tuple[FactKind, datetime, dict[str, Any]]] = field(default_factory=list)

    def write(self, kind: FactKind, **data: Any) -> None:
        self.lines.append((kind, self.at, data))

    def step(self, action: str, wait: float, quiet: float, tracks: dict[str, Any]) -> None:
        self.at += timedelta(seconds=wait)
        heard = max(self.last, self.at - timedelta(seconds=quiet))
        match action:
            case "beat":
                self.last = heard
                self.write(FactKind.BEAT, last_packet_at=heard.isoformat(), tracks=tracks)
            case "silent":
                self.write(FactKind.SILENT, last_packet_at=self.last.isoformat(), track=None)
            case "resumed":
                self.last = self.at
                self.write(FactKind.RESUMED, track=None)
            case "camera_silent":
                self.write(FactKind.SILENT, last_packet_at=heard.isoformat(), track="camera")
            case "camera_resumed":
                self.last = self.at
                self.write(FactKind.RESUMED, track="camera")
            case _:
                reason = action.removeprefix("closed_")
                self.write(
                    FactKind.CLOSED, last_packet_at=self.last.isoformat(), reason=reason, inferred=False
                )


ACTIONS = st.sampled_from(
    ["beat"] * 8
    + ["silent", "resumed", "camera_silent", "camera_resumed"]
    + ["closed_left", "closed_timeout", "closed_ended", "closed_boot_ended"]
)
STEPS = st.tuples(
    ACTIONS,
    st.sampled_from([0, 0.5, 4.9, 5, 5, 5, 10, 11, 40]),
    st.sampled_from([0, 0.1, 3, 9.9, 10, 12]),
    st.sampled_from(TRACKS + [TRACKS[3]] * 4),
)


@st.composite
def journals(draw: st.DrawFn) -> list[Fact]:
    lines: list[tuple[datetime, str, str, str, FactKind, dict[str, Any]]] = []
    for number in range(draw(st.integers(1, 4))):
        journal = Journal(draw(st.sampled_from(["r1", "r2"])), draw(st.sampled_from("pq")), f"c{number}")
        journal.at = journal.last = START + timedelta(seconds=draw(st.integers(0, 60)))
        if draw(st.booleans()):
            journal.write(FactKind.FIRST_PACKET, last_packet_at=journal.at.isoformat())
        for step in draw(st.lists(STEPS, max_size=25)):
            journal.step(*step)
        lines += [
            (at, journal.boot, journal.person, journal.connection, kind, data)
            for kind, at, data in journal.lines
        ]
    lines.sort(key=lambda line: line[0])
    seqs = {"r1": 0, "r2": 0}
    facts = []
    for at, boot, person, connection, kind, data in lines:
        seqs[boot] += 1
        facts.append(Fact(boot, seqs[boot], kind, at, person, connection, data))
    return [*facts, *draw(web_facts())]


@st.composite
def web_facts(draw: st.DrawFn) -> list[Fact]:
    after = st.integers(0, 300).map(lambda seconds: START + seconds * SECOND)
    kinds = [
        (FactKind.OPENED, None, {}),
        (FactKind.ADMITTED, "p", {"role": "patient"}),
        (FactKind.ADMITTED, "q", {"role": "facilitator"}),
        (FactKind.REMOVED, "p", {"by": "q"}),
        (FactKind.CONSENT_REVOKED, "p", {}),
        (FactKind.BREAK_STARTED, None, {}),
        (FactKind.ENDED, None, {"reason": "facilitator"}),
    ]
    chosen = [kind for kind in kinds if draw(st.booleans())]
    return [
        Fact("web-s", seq, kind, draw(after), person, None, data)
        for seq, (kind, person, data) in enumerate(chosen, start=1)
    ]


def read_for_credit(facts: list[Fact]) -> list[Fact]:
    kept = reduced(facts)
    return facts if needs_every_fact(kept) else kept


@settings(max_examples=200)
@given(journals(), st.one_of(st.none(), st.integers(0, 600)))
def test_presence_without_routine_beats_is_presence_with_all_of_them(
    facts: list[Fact], known_to: int | None
) -> None:
    as_of = None if known_to is None else START + known_to * SECOND
    assert fold(read_for_credit(facts), as_of=as_of) == fold(facts, as_of=as_of)


@settings(max_examples=80)
@given(journals(), st.data())
def test_a_reader_that_knows_the_reduced_facts_judges_the_next_ones_alike(
    facts: list[Fact], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(facts)))
    whole = RoutineReader(facts[:cut])
    short = RoutineReader(reduced(facts[:cut]))
    assert [short.is_routine(one) for one in facts[cut:]] == [whole.is_routine(one) for one in facts[cut:]]


def hour_of_beats(tracks: Any = CAMERA) -> Ledger:
    ledger = Ledger().first("14:00")
    for minute in range(60):
        ledger.beat(f"14:{minute:02}:05", tracks=tracks)
    return ledger


def test_an_hour_of_the_same_is_told_by_its_first_and_its_newest_beat() -> None:
    kept = reduced(in_order(hour_of_beats().facts))
    assert [(one.kind.value, one.at) for one in kept] == [
        ("first_packet", t("14:00")),
        ("beat", t("14:00:05")),
        ("beat", t("14:59:05")),
    ]


def test_a_camera_that_comes_or_goes_is_no_routine() -> None:
    ledger = hour_of_beats(VOICE).beat("15:00", tracks=CAMERA).beat("15:00:05").beat("15:00:10")
    kept = reduced(in_order(ledger.facts))
    assert [one.at for one in kept] == [t(at) for at in ("14:00", "14:00:05", "15:00", "15:00:10")]


def test_no_beat_of_a_silent_connection_is_routine() -> None:
    ledger = hour_of_beats().silent("15:00", "14:59:05").beat("15:00:05", last="14:59:05")
    assert not RoutineReader(ledger.facts[:-1]).is_routine(ledger.facts[-1])


def test_each_boot_speaks_for_itself() -> None:
    ledger = hour_of_beats().beat("15:00", boot="r2")
    assert not RoutineReader(ledger.facts[:-1]).is_routine(ledger.facts[-1])


@pytest.mark.parametrize("back", ["at", "last"])
def test_a_beat_that_goes_back_in_time_is_not_routine(back: str) -> None:
    ledger = hour_of_beats()
    beat = ledger.facts[-1]
    earlier = t("14:10")
    odd = (
        replace(beat, seq=99, at=earlier)
        if back == "at"
        else replace(beat, seq=99, data={**beat.data, "last_packet_at": earlier.isoformat()})
    )
    assert not RoutineReader(ledger.facts).is_routine(odd)


def test_a_resumption_that_nobody_called_silent_asks_for_all_facts() -> None:
    fine = hour_of_beats().silent("15:00", "14:59:05").resumed("15:01")
    assert not needs_every_fact(reduced(fine.facts))
    torn = hour_of_beats().resumed("15:01").beat("15:01:05").beat("15:01:10")
    assert needs_every_fact(reduced(torn.facts))
    assert fold(reduced(torn.facts)) != fold(torn.facts)

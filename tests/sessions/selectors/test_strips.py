"""A strip says in words, draws and tabulates the same: every second of a session, with one reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template import Context, Template
from hypothesis import given, settings

from frontend.templatetags.strips import KINDS
from sessions.models import Incident, IncidentKind
from sessions.rules import compute, parse
from sessions.rules.crediting.credit import PatientResult
from sessions.rules.document.result import patient_to_json
from sessions.rules.telling.strip import StripKind
from sessions.rules.telling.words import REASON_WORDS, STRIP_WORDS
from sessions.selectors.homes.strips import Strip, make_strip
from tests.sessions.rules.strategies import documents

START = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)
ZONE = "America/New_York"
TEMPLATE = Template('{% load strips %}{% strip one label="Ana" %}')
LENGTH = re.compile(r"(?:(\d+) h ?)?(?:(\d+) min ?)?(?:(\d+) s)?")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def piece(low: float, high: float, kind: str) -> dict[str, str]:
    return {"from": at(low).isoformat(), "to": at(high).isoformat(), "kind": kind}


EXAMPLE_B = [
    piece(0, 12 + 1 / 3, "absent"),
    piece(12 + 1 / 3, 62, "credited"),
    piece(62, 63.5, "bridged"),
    piece(63.5, 90, "credited"),
    piece(90, 105, "break"),
    piece(105, 130, "credited"),
    piece(130, 137 + 1 / 6, "absent"),
    piece(137 + 1 / 6, 189, "credited"),
    piece(189, 195, "absent"),
]


def strip_of(timeline: list[dict[str, str]], status: str = "PARTIAL", **more: Any) -> Strip:
    return make_strip(timeline, **{"status": status, "zone": ZONE, "lobby_at": None, **more})


def seconds_in(words: str) -> int:
    found = LENGTH.match(words)
    assert found is not None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def lost_in_words(strip: Strip) -> dict[str, int]:
    sentence = next((one for one in strip.sentences if one.startswith("Not counted: ")), "Not counted: .")
    parts = [part for part in sentence.removeprefix("Not counted: ").removesuffix(".").split(", ") if part]
    return {re.sub(r"^(\d+ (h|min|s) )+", "", part): seconds_in(part) for part in parts}


def table(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(<td.*?)</tr>", html)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]


def results(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], PatientResult]]:
    seen = {(one["id"], who["id"]): who for one in document["sessions"] for who in one["patients"]}
    for one in compute(parse(json.dumps(document))).sessions:
        for patient in one.patients:
            yield seen[one.id, patient.id], patient


def test_the_worked_example_is_said_in_a_few_sentences() -> None:
    assert strip_of(EXAMPLE_B).sentences == (
        "In the room 9:12:20 AM to 12:09 PM.",
        "154 of 180 minutes count.",
        "Not counted: 12 min 20 s before arriving, 7 min 10 s out of the room in between, 6 min after"
        " leaving, 30 s beyond the last whole minute.",
        "Counted although the connection dropped: 1 min 30 s.",
        "Breaks count for nobody: 15 min.",
    )


def test_waiting_is_told_apart_from_not_having_come() -> None:
    waited = strip_of(EXAMPLE_B, lobby_at=at(5))
    assert [(one.kind, one.end) for one in waited.pieces[:2]] == [
        ("before", at(5)),
        ("waiting", at(12 + 1 / 3)),
    ]
    early = strip_of(EXAMPLE_B, lobby_at=at(-3))
    assert [(one.kind, one.start) for one in early.pieces[:2]] == [("early", at(-3)), ("waiting", at(0))]
    assert "early" not in early.words
    assert (early.counted_min, early.countable_min) == (154, 180)


def test_who_never_got_in_was_not_in_the_room() -> None:
    strip = strip_of([piece(0, 90, "absent")], "NO_SHOW", lobby_at=at(-3))
    assert strip.sentences == ("Not in the room.", "0 of 90 minutes count.")
    assert strip.kinds == ("absent",)


def test_too_short_a_presence_is_a_reason_and_not_drawn_as_counting() -> None:
    strip = strip_of([piece(0, 9, "credited"), piece(9, 60, "absent")], "NO_CREDIT")
    assert strip.kinds == ("too_short", "after")
    assert "0 of 60 minutes count." in strip.words
    assert "Not counted: 51 min after leaving, 9 min in the room, too little for the session" in strip.words


def test_a_running_session_says_so_far() -> None:
    strip = strip_of([piece(0, 9.5, "credited")], "IN_PROGRESS")
    assert strip.sentences == ("In the room 9:00 AM to 9:09:30 AM so far.", "9 of 9 minutes count so far.")


def test_a_correction_stands_beside_what_was_observed() -> None:
    said = strip_of(EXAMPLE_B, adjusted_min=165).sentences[1]
    assert said == "165 minutes count by a correction; 154 of 180 were observed."


def test_an_incident_is_a_mark_a_row_and_a_sentence() -> None:
    incident = Incident(kind=IncidentKind.RELAY_DEATH, began_at=at(62), ended_at=at(63.5))
    strip = strip_of(EXAMPLE_B, incidents=[incident])
    html = TEMPLATE.render(Context({"one": strip}))
    assert html.count('class="strip-mark"') == 1
    assert table(html)[-1] == [
        "10:02:00 AM",
        "10:03:30 AM",
        "0:01:30",
        "The media relay stopped",
        "on our side",
    ]
    assert "On our side: the media relay stopped" in strip.words


def test_nothing_held_is_said_and_not_drawn() -> None:
    strip = strip_of([], "CANCELLED_BY_PROGRAM")
    html = TEMPLATE.render(Context({"one": strip}))
    assert "Nothing was held" in html
    assert "<svg" not in html


def test_the_picture_calls_every_kind_what_the_sessions_call_it() -> None:
    assert {kind: words for kind, (words, _) in KINDS.items()} == STRIP_WORDS
    assert {kind for kind in StripKind if not kind.counts} == set(REASON_WORDS)


@pytest.mark.parametrize("kind", StripKind)
def test_every_kind_has_a_pattern_that_no_other_kind_has(kind: StripKind) -> None:
    assert [name for name, (_, mark) in KINDS.items() if mark == KINDS[kind][1] and mark] in ([kind], [])


@settings(max_examples=150)
@given(documents())
def test_words_picture_and_table_agree_and_every_second_has_one_reason(document: dict[str, Any]) -> None:
    for seen, result in results(document):
        shown: Any = patient_to_json(result)
        lobby_at = datetime.fromisoformat(seen["lobby_at"]) if seen.get("lobby_at") else None
        strip = make_strip(shown["timeline"], status=shown["status"], zone=ZONE, lobby_at=lobby_at)
        if not shown["timeline"]:
            assert strip.pieces == ()
            continue
        window = [
            datetime.fromisoformat(shown["timeline"][edge][name]) for edge, name in ((0, "from"), (-1, "to"))
        ]
        inside = [one for one in strip.pieces if one.kind != "early"]
        assert [inside[0].start, inside[-1].end] == window
        assert all(one.end == other.start for one, other in zip(strip.pieces, strip.pieces[1:], strict=False))
        counted = sum((one.end - one.start).total_seconds() for one in strip.pieces if one.counts)
        is_void = shown["status"] in ("NO_CREDIT", "CANCELLED_BY_PROGRAM")
        assert counted == (0 if is_void else shown["qualified_seconds"])
        _agree_in_words(strip, inside, int(counted))
        _agree_on_the_page(strip)


def _agree_in_words(strip: Strip, inside: list[Any], counted: int) -> None:
    pauses = sum((one.end - one.start).total_seconds() for one in inside if one.kind == "break")
    countable = int((inside[-1].end - inside[0].start).total_seconds() - pauses)
    is_running = "so far" in strip.words
    assert f"{counted // 60} of {countable // 60} minutes count" in strip.words
    lost = lost_in_words(strip)
    if strip.words.startswith("Not in the room"):
        assert (lost, counted) == ({}, 0)
        return
    rest = counted % 60 if is_running else 0
    assert sum(lost.values()) + counted // 60 * 60 + rest == countable


def _agree_on_the_page(strip: Strip) -> None:
    html = TEMPLATE.render(Context({"one": strip}))
    rows = table(html)
    assert [row[3] for row in rows] == [one.words.replace("'", "&#x27;") for one in strip.pieces]
    assert [row[4] for row in rows] == ["yes" if one.counts else "no" for one in strip.pieces]
    lengths = [
        sum(int(part) * unit for part, unit in zip(row[2].split(":"), (3600, 60, 1), strict=True))
        for row in rows
    ]
    assert lengths == [int((one.end - one.start).total_seconds()) for one in strip.pieces]
    widths = re.findall(r'class="piece" x="([\d.]+)%" y="8" width="([\d.]+)%"', html)
    assert len(widths) == len(strip.pieces)
    assert sum(float(width) for _, width in widths) == pytest.approx(100, abs=0.1)
    for sentence in strip.sentences:
        assert sentence.replace("'", "&#x27;") in html

"""Judge a schedule that is over: seconds, chains, cursors, seats and the result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sessions.models import AttendanceRecord, GroupSession, PresenceEvent
from sessions.rules.presence.fold import SessionPresence, fold
from sessions.selectors.ledger.facts import facts_of, web_boot
from telehealth.audit.models import AuditEvent
from telehealth.core import hashchain
from tests.faults.counting import MOST_LOST_SECONDS, Count, count, runs, table
from tests.faults.simulated_time import BASE, since_base
from tests.faults.world import TERMS, World
from tests.sessions.rules import oracle

Seconds = Mapping[str, set[int]]

# A gap this near to a limit of the bridge may fall to its other side for a second that was lost.
EDGE = MOST_LOST_SECONDS + 2
BRIDGE, BRIDGE_CAP, BRIDGES = 120, 300, 3


@dataclass
class Verdict:
    """What a schedule came to; without complaints it is right."""

    counts: list[Count] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def told(self, world: World) -> str:
        """Tell the whole story of a schedule."""
        rows = [(each.who, each.true, each.counted, each.lost, each.invented) for each in self.counts]
        figures = table(rows, ("who", "true", "counted", "lost", "invented"))
        return "\n".join(["", world.plan.story(), figures, *self.complaints])


def judge(world: World) -> Verdict:
    """Compare the ledger with what really happened."""
    world.read_decisions()
    verdict = Verdict()
    presence = fold(facts_of([world.group_session_id])[world.group_session_id])
    counted = {person.key: _counted(presence, person.key) for person in world.people}
    must = {person.key: world.truth.must_count(person.key) for person in world.people}
    for person in world.people:
        may = world.truth.may_count(person.key)
        each = count(person.role.name, must=must[person.key], may=may, spans=counted[person.key])
        verdict.counts.append(each)
        if not each.is_right:
            missing = runs(must[person.key] - _seconds(counted[person.key]))
            surplus = runs(_seconds(counted[person.key]) - may)
            verdict.complaints.append(f"{each.who}: lost {missing}, invented {surplus}, twice {each.twice}")
    verdict.complaints += [f"thrown out while sending: {each}" for each in world.evicted]
    verdict.complaints += sorted({f"a task broke: {each}" for each in world.machine.surprises})
    verdict.complaints += _broken_chains(world)
    verdict.complaints += _misread_journals(world)
    verdict.complaints += _forgotten_decisions(world)
    seen = {key: _seconds(spans) for key, spans in counted.items()}
    verdict.complaints += _wrong_results(world, must=must, counted=seen)
    return verdict


def _counted(presence: SessionPresence, key: str) -> list[tuple[int, int]]:
    found = presence.participants.get(key)
    return [(round(since_base(a)), round(since_base(b))) for a, b in found.presence] if found else []


def _seconds(spans: list[tuple[int, int]]) -> set[int]:
    return {second for start, end in spans for second in range(start, end)}


def _broken_chains(world: World) -> list[str]:
    facts = PresenceEvent.objects.filter(group_session=world.group_session_id).order_by("id")
    events = AuditEvent.objects.order_by("id")
    broken = []
    if hashchain.verify(row.link() for row in facts) is not None:
        broken.append("the chain of facts is broken")
    if hashchain.verify(row.link() for row in events) is not None:
        broken.append("the chain of the audit trail is broken")
    return broken


def _misread_journals(world: World) -> list[str]:
    """Ask for every line of every boot exactly once, in order, and the cursor at its end."""
    stored: defaultdict[str, list[int]] = defaultdict(list)
    rows = PresenceEvent.objects.filter(group_session=world.group_session_id).order_by("id")
    for boot, seq in rows.values_list("source_boot", "seq"):
        stored[boot].append(seq)
    cursors = world.cursors()
    return [
        f"{boot} wrote {last} facts, {len(stored[boot])} are in, the cursor is at {cursors[boot]}"
        for boot, last in world.relay.count().items()
        if stored[boot] != list(range(1, last + 1)) or cursors[boot] != last
    ]


def _forgotten_decisions(world: World) -> list[str]:
    """Ask for every decision that was confirmed to somebody, and for none that nobody tried to take."""
    rows = PresenceEvent.objects.filter(source_boot=web_boot(world.group_session_id))
    stored = {(row.kind, since_base(row.recorded_at)) for row in rows}
    forgotten = [f"confirmed and not stored: {each}" for each in sorted(set(world.confirmed) - stored)]
    tried = set(world.tried)
    untried = [each for each in sorted(stored) if each[1] not in tried and each[0] != "ended"]
    return forgotten + [f"stored and never tried: {each}" for each in untried]


def _wrong_results(world: World, *, must: Seconds, counted: Seconds) -> list[str]:
    group_session = GroupSession.objects.get(pk=world.group_session_id)
    if not world.is_final() or group_session.ended_at is None:
        return [f"the result is not final (state {group_session.state})"]
    records = AttendanceRecord.objects.filter(group_session=group_session).select_related("patient")
    stored = {str(record.patient.user_id): record for record in records}
    by_ledger, by_truth = _qualified(world, counted), _qualified(world, must)
    wrong = []
    for person in world.people[1:]:
        found = stored[person.key].qualified_seconds
        if found != by_ledger[person.key]:
            wrong.append(f"{person.role.name}: stored {found} s, the ledger gives {by_ledger[person.key]} s")
        others = (must[world.people[0].key], must[person.key])
        if any(_is_near_a_limit(seconds) for seconds in others):
            continue
        if found < by_truth[person.key] - MOST_LOST_SECONDS:
            wrong.append(f"{person.role.name}: stored {found} s, the truth gives {by_truth[person.key]} s")
    return wrong


def _is_near_a_limit(seconds: set[int]) -> bool:
    spans = runs(seconds)
    gaps = [b[0] - a[1] for a, b in pairwise(spans)]
    closed = [gap for gap in gaps if gap <= BRIDGE + EDGE]
    return (
        any(abs(gap - BRIDGE) <= EDGE for gap in gaps)
        or len(closed) > BRIDGES - 1
        or sum(closed) > BRIDGE_CAP - EDGE
    )


def _qualified(world: World, seconds: Seconds) -> dict[str, int]:
    """Compute qualified seconds by the tests' own second implementation of the credit rules."""
    leader, *patients = world.people
    group_session = GroupSession.objects.get(pk=world.group_session_id)
    assert group_session.opened_at is not None
    assert group_session.ended_at is not None
    spans = {key: [_written(span) for span in runs(found)] for key, found in seconds.items()}
    document: dict[str, Any] = {
        "version": 1,
        "as_of": (group_session.ended_at + timedelta(days=1)).isoformat(),
        "program_tz": "UTC",
        "sessions": [
            {
                "id": "session",
                "service_type": "group_therapy",
                "scheduled_start": group_session.scheduled_start.isoformat(),
                "scheduled_end": group_session.scheduled_end.isoformat(),
                "opened_at": group_session.opened_at.replace(microsecond=0).isoformat(),
                "ended_at": group_session.ended_at.replace(microsecond=0).isoformat(),
                "policy": TERMS,
                "breaks": [_written(pause) for pause in world.pauses()],
                "facilitators": [{"id": leader.key, "presence": spans[leader.key]}],
                "patients": [{"id": each.key, "presence": spans[each.key]} for each in patients],
            }
        ],
    }
    (result,) = oracle.compute(document)["sessions"]
    return {each["id"]: each["qualified_seconds"] for each in result["patients"]}


def _written(span: tuple[int, int]) -> list[str]:
    return [(BASE + timedelta(seconds=second)).isoformat() for second in span]

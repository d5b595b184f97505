"""Ten days in the life of a program, drawn by a seed and written through services and relay journals only."""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import GroupSession, ServiceType
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling.schedule import cancel_session, create_session
from sessions.terms import require_enrollment_terms, require_known_terms
from telehealth.accounts.models import User
from telehealth.enrollment.services import assign_track, set_enrollment_terms, set_weekly_target
from telehealth.programs.models import Track
from telehealth.programs.services import create_track, set_credit_terms
from tests import cast as stage
from tests.cast import Cast
from tests.factories import Relay, join

NEW_YORK = ZoneInfo("America/New_York")  # where the cast's program is
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
# Mondays; in New York the clocks change on the Sunday after the first two.
MONDAYS = (date(2026, 3, 2), date(2026, 10, 26), date(2026, 6, 8))
CHOICES: dict[str, tuple[Any, ...]] = {
    "rejoin_bridge_sec": (0, 60, 120, 300),
    "bridge_max_count": (1, 3),
    "facilitator_gap_sec": (0, 120),
    "min_credit_min": (0, 10, 40),
    "min_presence_ratio": ("0.5", "0.75", "0.95"),
    "partial_credit_mode": ("actual", "threshold"),
    "camera_policy": ("advisory", "credit"),
    "camera_off_tolerance_sec": (60, 300),
    "audio_only_policy": ("allow", "deny"),
    "break_counts": (True, False),
    "early_credit_min": (0, 5),
    "group_min": (2, 4),
    "weekly_min_days": (2, 5),
    "proration_mode": ("none", "program_days"),
    "loc_ceiling_min": (100, 1200),
    "expected_rate_default": ("0.5", "0.85"),
}
FOR_EVERYBODY = {"facilitator_gap_sec", "break_counts", "early_credit_min", "group_min"}


@dataclass
class Life:
    """A program with terms of every level, and what happened in it."""

    seed: int
    cast: Cast = field(init=False)
    monday: date = field(init=False)
    chance: random.Random = field(init=False)
    track: Track = field(init=False)

    def __post_init__(self) -> None:
        """Found the program four weeks before its first Monday."""
        self.chance = random.Random(f"life-{self.seed}")
        self.monday = MONDAYS[self.seed % len(MONDAYS)]
        self.cast = stage.build(at=self._local(self.monday, "04:00"), patients=4)

    @property
    def people(self) -> tuple[User, ...]:
        return (self.cast.patient, *self.cast.more_patients)

    @property
    def over(self) -> datetime:
        """When both weeks are over and everything is known."""
        return self._local(self.monday + timedelta(days=20), "12:00")

    def live(self) -> None:
        """Set terms, plan and hold sessions."""
        self._set_terms()
        held = []
        for day in (0, 1, 3, 5, 7, 8):
            held += self._plan(self.monday + timedelta(days=day), day)
        for number, group_session in enumerate(held):
            self._hold(group_session, f"boot-{self.seed}-{number}")
        for group_session in held:
            attendance.recompute(group_session.pk, at=self.over)

    def _set_terms(self) -> None:
        cast, at = self.cast, self.cast.at
        today = cast.program.date_at(at)
        next_week = self.monday + timedelta(days=6)
        track = create_track(actor=cast.admin, program=cast.program, name="Mornings", at=at)
        for where, effective_on in ((None, today), (track, today), (None, self.monday + timedelta(days=7))):
            set_credit_terms(
                actor=cast.admin,
                program=cast.program,
                track=where,
                name="Drawn",
                effective_on=effective_on,
                parameters=self._parameters(),
                validate=require_known_terms,
                at=at,
            )
        first, second, third, _ = (cast.enrollment_of(person) for person in self.people)
        assign_track(actor=cast.admin, enrollment=first, track=track, effective_on=today, at=at)
        set_enrollment_terms(
            actor=cast.admin,
            enrollment=second,
            name="Own",
            effective_on=next_week,
            parameters=self._parameters(besides=FOR_EVERYBODY),
            validate=require_enrollment_terms,
            at=at,
        )
        set_weekly_target(actor=cast.admin, enrollment=third, minutes=90, effective_on=next_week, at=at)
        self.track = track

    def _parameters(self, besides: Collection[str] = ()) -> dict[str, Any]:
        names = [name for name in CHOICES if name not in besides]
        return {name: self.chance.choice(CHOICES[name]) for name in self.chance.sample(names, 6)}

    def _plan(self, day: date, number: int) -> Iterator[GroupSession]:
        """Plan two sessions that follow each other closely; some are cancelled, some nobody opens."""
        cast, chance = self.cast, self.chance
        clock = chance.choice(["09:00", "23:30", "01:10"] if day.weekday() == 5 else ["09:00", "13:00"])
        start = self._local(day, clock)
        first = self._create(ServiceType.FAMILY_THERAPY, cast.therapist, start, 50, self.people)
        kind = chance.choice(
            [ServiceType.GROUP_THERAPY, ServiceType.PSYCHOEDUCATION, ServiceType.PEER_SUPPORT]
        )
        second = self._create(kind, cast.covering_therapist, start + 50 * MINUTE, 60, self.people[:3])
        fate = chance.random()
        yield first
        if fate < 0.15:
            cancel_session(actor=cast.admin, group_session_id=second.pk, reason="Ill", at=cast.at)
        elif fate > 0.3:
            yield second

    def _create(
        self, kind: ServiceType, leader: User, start: datetime, minutes: int, people: tuple[User, ...]
    ) -> GroupSession:
        return create_session(
            actor=self.cast.admin,
            program=self.cast.program,
            title="Drawn",
            service_type=kind,
            facilitator=leader,
            start=start,
            end=start + minutes * MINUTE,
            breaks=[(start + 20 * MINUTE, start + 25 * MINUTE)] if self.chance.random() < 0.5 else [],
            patients=[self.cast.record_of(person) for person in people],
            track=self.track if self.chance.random() < 0.5 else None,
            at=self.cast.at,
        )

    def _hold(self, group_session: GroupSession, boot: str) -> None:
        """Open, admit, break, end; the journal says who was really there, also beyond the end of the room."""
        chance, pk, leader = self.chance, group_session.pk, group_session.facilitator
        opened = group_session.scheduled_start + chance.choice([-5, 0, 0, 3]) * MINUTE
        ended = group_session.scheduled_end + chance.choice([-6, 0, 9]) * MINUTE
        relay = Relay(boot)
        outage = None
        if chance.random() < 0.35:
            outage = opened + chance.randint(12, 25) * MINUTE
        seats = {
            leader: join(self.cast, leader, opened, group_session=group_session, take_over=True).connection
        }
        room.open_session(actor=leader, group_session_id=pk, at=opened)
        rosters = [
            entry.patient.user
            for entry in group_session.roster.select_related("patient__user").order_by("pk")
        ]
        for person in sorted(rosters, key=lambda one: one.email):
            if chance.random() > 0.15:
                late = chance.choice([0, 20, 200, 700]) * SECOND
                entry = join(self.cast, person, opened + late, group_session=group_session, take_over=True)
                room.admit(actor=leader, group_session_id=pk, participant=person.pk, at=opened + late)
                seats[person] = entry.connection
        if chance.random() < 0.4:
            begins = opened + chance.randint(15, 20) * MINUTE
            room.start_break(actor=leader, group_session_id=pk, at=begins)
            room.end_break(actor=leader, group_session_id=pk, at=begins + 4 * MINUTE + 7 * SECOND)
        for person, seat in seats.items():
            self._witness(relay, group_session, person, seat, opened, ended, outage)
        room.end_session(actor=leader, group_session_id=pk, at=ended)
        relay.lines.sort(key=lambda line: line.at)
        relay.lines = [
            type(line)(seq, line.kind, line.room, line.participant, line.connection, line.at, line.data)
            for seq, line in enumerate(relay.lines, start=1)
        ]
        relay.deliver(ended + 2 * MINUTE, is_last=True)

    def _witness(
        self,
        relay: Relay,
        group_session: GroupSession,
        person: User,
        seat: UUID,
        opened: datetime,
        ended: datetime,
        outage: datetime | None,
    ) -> None:
        """Write what the relay saw of one person: devices one after another, and the last one to the end."""
        chance = self.chance
        at, camera = opened + chance.choice([1, 8, 40, 300]) * SECOND, chance.random() < 0.8
        for gap in (chance.choice([30, 90, 150, 400]) for _ in range(chance.choice([0, 0, 1, 2]))):
            drops_at = at + chance.randint(120, 700) * SECOND
            if drops_at + gap * SECOND >= ended:
                break
            self._device(relay, group_session, person, seat, at, drops_at, camera)
            at, seat = drops_at + gap * SECOND, uuid.UUID(int=chance.getrandbits(128))
        leaves = ended + chance.choice([-900, -30, 0, 0, 240]) * SECOND
        if outage is not None and at < outage < leaves:
            self._device(relay, group_session, person, seat, at, outage, camera, reason="boot_ended")
            at, seat = outage + chance.choice([20, 95, 340]) * SECOND, uuid.UUID(int=chance.getrandbits(128))
        if at < leaves:
            self._device(relay, group_session, person, seat, at, leaves, camera)

    def _device(
        self,
        relay: Relay,
        group_session: GroupSession,
        person: User,
        seat: UUID,
        start: datetime,
        end: datetime,
        camera: bool,
        reason: str = "left",
    ) -> None:
        relay.first_packet(group_session, person, seat, start)
        relay.beat(group_session, person, seat, start + SECOND, camera=camera)
        middle = start + (end - start) / 2
        if camera and end - start > 12 * MINUTE and self.chance.random() < 0.4:
            last, back = middle - 4 * MINUTE, middle + 3 * MINUTE
            relay.write(
                "silent",
                group_session,
                person,
                seat,
                last + 10 * SECOND,
                last_packet_at=last.isoformat(),
                track="camera",
            )
            relay.write("resumed", group_session, person, seat, back, track="camera")
        relay.closed(group_session, person, seat, end, end, reason)

    def _local(self, day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), tzinfo=NEW_YORK).astimezone(UTC)

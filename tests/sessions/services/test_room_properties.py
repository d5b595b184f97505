"""Whatever happens in a room: numbers without holes, and changes that lead to any later snapshot."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from sessions import events
from sessions.models import Participation, PresenceEvent, SessionState
from sessions.selectors.ledger.facts import broken_fact, web_boot
from sessions.selectors.room import RoomState, room_snapshot
from sessions.services import room
from telehealth.accounts.models import User
from telehealth.core.errors import DomainError
from tests.cast import Cast
from tests.factories import Relay, fresh, heard, join, open_with, resume_of

pytestmark = pytest.mark.django_db

STEPS = 45


class Driver:
    """Do random things to a room, allowed and forbidden, by people and by time."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast = cast
        self.dice = random.Random(seed)
        self.at = cast.group_session.lobby_opens_at
        self.relay = Relay()
        self.patients = [cast.patient, *cast.more_patients]
        self.staff = [cast.therapist, cast.covering_therapist]
        self.entries: dict[User, room.Entry] = {}
        self.actions: list[Callable[[], Any]] = [
            self.join,
            self.join,
            self.leave,
            self.moderate,
            self.moderate,
            self.step_out,
            self.step_out,
            self.run,
            self.media,
            self.report,
            self.relay_fact,
            self.relay_fact,
            self.sweep,
        ]

    def step(self) -> None:
        """Let some time pass and do one thing; a refusal is a fine outcome."""
        self.at += timedelta(seconds=self.dice.choice([0, 1, 20, 130]))
        with suppress(DomainError):
            self.dice.choice(self.actions)()

    def anybody(self) -> User:
        return self.dice.choice([*self.patients, *self.staff, self.cast.patient_unsigned])

    def join(self) -> None:
        person = self.anybody()
        known = self.entries.get(person)
        resume = resume_of(known) if known is not None and self.dice.random() < 0.3 else None
        take_over = self.dice.random() < 0.5
        self.entries[person] = join(self.cast, person, self.at, take_over=take_over, resume=resume)

    def leave(self) -> None:
        person = self.anybody()
        room.leave(
            actor=person,
            group_session_id=self.cast.group_session.pk,
            connection=self.connection(person),
            at=self.at,
        )

    def connection(self, person: User) -> uuid.UUID:
        known = self.entries.get(person)
        return known.connection if known is not None else uuid.uuid4()

    def moderate(self) -> None:
        about = {"group_session_id": self.cast.group_session.pk, "at": self.at, "actor": self.anybody()}
        someone = self.anybody().pk
        self.dice.choice(
            [
                lambda: room.admit(participant=someone, **about),
                lambda: room.admit_all(**about),
                lambda: room.mute(participant=someone, **about),
                lambda: room.stop_video(participant=someone, **about),
                lambda: room.lock_room(locked=self.dice.random() < 0.4, **about),
                lambda: room.remove(participant=someone, reason=room.RemovalReason.OTHER, **about),
                lambda: room.readmit(participant=someone, **about),
            ]
        )()

    def step_out(self) -> None:
        actor = self.dice.choice(self.staff)
        room.move_person(
            actor=actor,
            group_session_id=self.cast.group_session.pk,
            participant=self.anybody().pk,
            side_room=self.dice.choice([None, actor.pk, actor.pk, self.staff[0].pk]),
            at=self.at,
        )

    def run(self) -> None:
        about = {"group_session_id": self.cast.group_session.pk, "at": self.at, "actor": self.anybody()}
        usual = [room.open_session, room.start_break, room.end_break]
        # The end ends the story, so it is rare.
        self.dice.choice([*usual, *usual, *usual, room.end_session])(**about)

    def media(self) -> None:
        person = self.anybody()
        room.set_media(
            actor=person,
            group_session_id=self.cast.group_session.pk,
            connection=self.connection(person),
            microphone=self.dice.random() < 0.5,
            camera=self.dice.random() < 0.5,
            screen=self.dice.random() < 0.3,
            at=self.at,
        )

    def report(self) -> None:
        person = self.anybody()
        self.dice.choice([room.mark_reconnecting, room.mark_back, room.mark_left, room.mark_reconnecting])(
            group_session_id=self.cast.group_session.pk,
            participant=person.pk,
            connection=self.connection(person),
            at=self.at,
        )

    def relay_fact(self) -> None:
        person = self.anybody()
        who = self.cast.group_session, person, self.connection(person)
        self.dice.choice(
            [
                lambda: self.relay.first_packet(*who, self.at),
                lambda: self.relay.beat(*who, self.at),
                lambda: self.relay.silent(*who, self.at - timedelta(seconds=10), self.at),
                lambda: self.relay.resumed(*who, self.at),
                lambda: self.relay.closed(
                    *who, self.at, self.at, self.dice.choice(["left", "timeout", "boot_ended"])
                ),
            ]
        )()
        self.relay.deliver(self.at)

    def sweep(self) -> None:
        room.sweep_lapsed(at=self.at)
        room.end_abandoned(at=self.at)


def applied(state: RoomState, seq: int, change: dict[str, Any]) -> RoomState:
    """Apply one numbered change the way any client would; names come from elsewhere and are left out here."""
    assert seq == state.seq + 1
    block = {key: value for key, value in change.items() if key != "kind"}
    if change["kind"] == "session":
        return RoomState(seq, block, state.participants)
    people = {one["id"]: one for one in state.participants} | {block["id"]: block}
    return RoomState(seq, state.session, tuple(people[key] for key in sorted(people, key=str)))


def bare(state: RoomState) -> RoomState:
    """Leave the names out."""
    nameless = tuple(
        {key: value for key, value in one.items() if key not in ("name", "full_name")}
        for one in state.participants
    )
    return RoomState(state.seq, state.session, nameless)


@pytest.mark.parametrize("seed", range(5))
def test_changes_lead_from_every_snapshot_to_every_later_one(
    cast: Cast, seed: int, django_capture_on_commit_callbacks: Any
) -> None:
    driver = Driver(cast, seed)
    pk = cast.group_session.pk
    snapshots = [bare(room_snapshot(pk))]
    numbered: list[tuple[int, dict[str, Any]]] = []
    for _ in range(STEPS):
        with heard(events.room_changed) as payloads, django_capture_on_commit_callbacks(execute=True):
            driver.step()
        for payload in payloads:
            first = payload["seq"] - len(payload["changes"]) + 1
            numbered += list(enumerate(payload["changes"], start=first))
        snapshots.append(bare(room_snapshot(pk)))
    assert [seq for seq, _ in numbered] == list(range(1, fresh(cast.group_session).room_seq + 1))
    for early in snapshots[::7]:
        state, reached = early, {early.seq: early}
        for seq, change in numbered[early.seq :]:
            state = reached[seq] = applied(state, seq, change)
        for later in snapshots:
            if later.seq >= early.seq:
                assert reached[later.seq] == later


@pytest.mark.parametrize("seed", range(2))
def test_the_ledger_of_any_story_is_gapless_and_chained(cast: Cast, seed: int) -> None:
    driver = Driver(cast, 100 + seed)
    for _ in range(STEPS):
        driver.step()
    pk = cast.group_session.pk
    web = PresenceEvent.objects.filter(source_boot=web_boot(pk)).order_by("id").values_list("seq", flat=True)
    assert list(web) == list(range(1, fresh(cast.group_session).fact_seq + 1))
    assert broken_fact(pk) is None


@pytest.mark.parametrize("seed", range(2))
def test_no_story_leaves_a_seat_without_a_connection_or_a_place_in_a_room_that_is_over(
    cast: Cast, seed: int
) -> None:
    driver = Driver(cast, 200 + seed)
    for _ in range(STEPS):
        driver.step()
        is_over = fresh(cast.group_session).state == SessionState.ENDED
        for person in Participation.objects.filter(group_session=cast.group_session):
            has_place = person.is_seated or person.state == "WAITING"
            assert has_place == (person.connection is not None)
            assert not (is_over and has_place)


@pytest.mark.parametrize("seed", range(2))
def test_no_story_puts_two_patients_or_a_patient_alone_into_a_side_room_or_shows_two_screens(
    cast: Cast, seed: int
) -> None:
    driver = Driver(cast, 300 + seed)
    driver.at = cast.at
    driver.entries = open_with(cast, *driver.patients, at=cast.at)
    usual = [driver.join, driver.leave, driver.media, driver.report]
    driver.actions = [*usual, *[driver.step_out] * 8]
    stepped_out = 0
    for _ in range(STEPS):
        driver.step()
        people = {
            each.user_id: each for each in Participation.objects.filter(group_session=cast.group_session)
        }
        for pk, person in people.items():
            assert not (person.screen_on and person.role == "patient")
            if person.side_room is None:
                continue
            stepped_out += 1
            holder = people[person.side_room]
            assert (holder.role, holder.is_seated, holder.side_room) == ("facilitator", True, holder.user_id)
            assert person.role == "patient" or pk == person.side_room
            assert person.is_seated or person.state == "LEFT"
        seated = [person for person in people.values() if person.is_seated]
        patients = [person.side_room for person in seated if person.side_room and person.role == "patient"]
        screens = [person.side_room for person in seated if person.screen_on]
        assert len(patients) == len(set(patients))
        assert len(screens) == len(set(screens))
    assert stepped_out

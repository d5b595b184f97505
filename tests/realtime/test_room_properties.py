"""Events and snapshots never disagree, for any viewer, whatever gets lost on the way."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.room.feed import Feed
from realtime.room.projection import Viewer, project, project_change
from realtime.room.reducer import SequenceGapError, apply
from realtime.wire.state import (
    Change,
    NoChange,
    ParticipantChange,
    ParticipantGone,
    ParticipantInfo,
    RoomEvent,
    RoomState,
    SessionChange,
    SessionInfo,
)

T0 = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)
IDS = ("p1", "p2", "p3", "t1")
instants = st.integers(0, 7200).map(lambda seconds: T0 + timedelta(seconds=seconds))
sessions = st.builds(
    SessionInfo,
    id=st.just("s"),
    title=st.just("Group"),
    phase=st.sampled_from(["SCHEDULED", "OPEN", "ENDED", "CANCELLED"]),
    scheduled_start=st.just(T0),
    scheduled_end=st.just(T0 + timedelta(hours=3)),
    lobby_opens_at=st.just(T0 - timedelta(minutes=15)),
    opened_at=st.none() | instants,
    ended_at=st.none() | instants,
    on_break_since=st.none() | instants,
    auto_end_at=st.none() | instants,
    locked=st.booleans(),
    facilitator_present=st.booleans(),
)
people = st.builds(
    ParticipantInfo,
    id=st.sampled_from(IDS),
    name=st.sampled_from(["Maria K.", "Sam P."]),
    full_name=st.sampled_from(["Maria Kowalski", "Samuel Peters"]),
    role=st.sampled_from(["patient", "facilitator"]),
    state=st.sampled_from(["WAITING", "IN_ROOM", "RECONNECTING", "LEFT", "REMOVED", "DENIED"]),
    microphone=st.booleans(),
    camera=st.booleans(),
    screen=st.booleans(),
    muted_by_staff=st.booleans(),
    camera_stopped_by_staff=st.booleans(),
    side_room=st.none() | st.sampled_from(IDS),
    state_since=instants,
    lobby_at=st.none() | instants,
)
changes = st.one_of(
    sessions.map(lambda one: SessionChange(**one.model_dump())),
    people.map(lambda one: ParticipantChange(**one.model_dump())),
    st.sampled_from(IDS).map(lambda one: ParticipantGone(id=one)),
    st.just(NoChange()),
)
viewers = st.builds(Viewer, st.sampled_from(IDS), st.sampled_from(["patient", "facilitator"]))


@st.composite
def rooms(draw: st.DrawFn) -> RoomState:
    some = draw(st.lists(people, max_size=4, unique_by=lambda one: one.id))
    ordered = tuple(sorted(some, key=lambda one: one.id))
    return RoomState(seq=draw(st.integers(0, 50)), session=draw(sessions), participants=ordered)


def numbered(state: RoomState, some: list[Change]) -> list[RoomEvent]:
    return [RoomEvent(seq=state.seq + 1 + index, change=change) for index, change in enumerate(some)]


@given(rooms(), changes, viewers)
def test_projecting_then_applying_is_applying_then_projecting(
    state: RoomState, change: Change, viewer: Viewer
) -> None:
    event = RoomEvent(seq=state.seq + 1, change=change)
    shown = RoomEvent(seq=event.seq, change=project_change(viewer, state, change))
    assert project(viewer, apply(state, event)) == apply(project(viewer, state), shown)


@settings(deadline=None)  # the machine's load is not what this is about
@given(rooms(), st.lists(changes, max_size=12), viewers, st.data())
def test_events_on_a_snapshot_give_the_later_snapshot_even_when_some_get_lost(
    state: RoomState, some: list[Change], viewer: Viewer, data: st.DataObject
) -> None:
    truth = state
    feed = Feed(viewer, state)
    client = feed.view()
    for event in numbered(state, some):
        truth = apply(truth, event)
        arrivals = data.draw(st.integers(0, 2), label="copies that arrive")
        for _ in range(arrivals):
            try:
                shown = feed.take(event)
            except SequenceGapError:
                feed.replace(truth)
                client = feed.view()
            else:
                client = apply(client, shown) if shown else client
    if feed.seq < truth.seq:  # the tail got lost: the next ping shows it
        feed.replace(truth)
        client = feed.view()
    assert client == project(viewer, truth)


@given(rooms(), changes)
def test_an_event_that_is_already_in_the_snapshot_changes_nothing(state: RoomState, change: Change) -> None:
    assert apply(state, RoomEvent(seq=state.seq, change=change)) == state


@given(rooms(), changes)
def test_a_missing_number_is_noticed(state: RoomState, change: Change) -> None:
    with pytest.raises(SequenceGapError):
        apply(state, RoomEvent(seq=state.seq + 2, change=change))


@given(rooms(), changes, st.sampled_from(IDS))
def test_a_patient_learns_nothing_of_people_who_are_not_seated(
    state: RoomState, change: Change, viewer_id: str
) -> None:
    viewer = Viewer(viewer_id, "patient")
    hidden = {each.id for each in state.participants if not viewer.sees(each)}
    after = apply(state, RoomEvent(seq=state.seq + 1, change=change))
    hidden &= {each.id for each in after.participants if not viewer.sees(each)}
    shown = project_change(viewer, state, change)
    if isinstance(shown, ParticipantChange | ParticipantGone):
        assert shown.id not in hidden
    assert all(
        each.full_name is None and each.lobby_at is None for each in project(viewer, after).participants
    )


@given(rooms(), people, people, st.sampled_from(IDS))
def test_patients_learn_that_somebody_stepped_out_but_not_with_whom_nor_what_happens_there(
    state: RoomState, one: ParticipantInfo, other: ParticipantInfo, viewer_id: str
) -> None:
    viewer = Viewer(viewer_id, "patient")
    for shown in project(viewer, state).participants:
        assert shown.id == viewer_id or shown.side_room in (None, shown.id)
    # Two patients' blocks that differ only in what goes on in some side room look the same, and so does the
    # step from one to the other.
    one = one.model_copy(update={"id": "p1", "role": "patient", "side_room": one.side_room or "t1"})
    secret = ("side_room", "microphone", "camera", "screen", "muted_by_staff", "camera_stopped_by_staff")
    elsewhere = {name: getattr(other, name) for name in secret} | {"side_room": other.side_room or "t2"}
    another = one.model_copy(update=elsewhere)
    if viewer_id != "p1":
        assert viewer.view_of(one) == viewer.view_of(another)
        known = apply(state, RoomEvent(seq=state.seq + 1, change=ParticipantChange(**one.model_dump())))
        change = project_change(viewer, known, ParticipantChange(**another.model_dump()))
        assert isinstance(change, NoChange)

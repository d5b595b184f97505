"""Which step may follow which."""

import pytest

from sessions.rules.states import (
    ROOM_STEPS,
    SESSION_STEPS,
    InvalidStep,
    RoomState,
    SessionState,
    next_room_state,
    next_session_state,
)

S, R = SessionState, RoomState
SESSION = {(S.SCHEDULED, S.OPEN), (S.SCHEDULED, S.CANCELLED), (S.OPEN, S.ENDED), (S.OPEN, S.CANCELLED)}
ROOM = {
    (None, R.WAITING),
    (None, R.IN_ROOM),
    (R.WAITING, R.IN_ROOM),
    (R.WAITING, R.LEFT),
    (R.WAITING, R.DENIED),
    (R.IN_ROOM, R.RECONNECTING),
    (R.IN_ROOM, R.LEFT),
    (R.IN_ROOM, R.REMOVED),
    (R.RECONNECTING, R.IN_ROOM),
    (R.RECONNECTING, R.LEFT),
    (R.RECONNECTING, R.REMOVED),
    (R.LEFT, R.WAITING),
    (R.LEFT, R.IN_ROOM),
    (R.REMOVED, R.WAITING),
    (R.DENIED, R.WAITING),
}


@pytest.mark.parametrize("now", list(SessionState))
@pytest.mark.parametrize("then", list(SessionState))
def test_steps_of_a_session(now, then):
    if (now, then) in SESSION:
        assert next_session_state(now, then) is then
        return
    with pytest.raises(InvalidStep, match=f"{now} cannot become {then}"):
        next_session_state(now, then)


@pytest.mark.parametrize("now", [None, *RoomState])
@pytest.mark.parametrize("then", list(RoomState))
def test_steps_of_a_person_in_a_room(now, then):
    if (now, then) in ROOM:
        assert next_room_state(now, then) is then
        return
    with pytest.raises(InvalidStep, match=f"{now or 'absent'} cannot become {then}"):
        next_room_state(now, then)


def test_every_state_has_its_steps():
    assert set(SESSION_STEPS) == set(SessionState)
    assert set(ROOM_STEPS) == {None, *RoomState}


def test_questions_on_states():
    assert [state.is_final for state in SessionState] == [False, False, True, True]
    assert {state for state in RoomState if state.is_seated} == {R.IN_ROOM, R.RECONNECTING}

"""At the door: agreements, roles, other people's sessions, rooms that are not open yet."""

from __future__ import annotations

from http import HTTPStatus

from playwright.sync_api import expect

from realtime.wire.errors import CLOSE_CODES, ErrorId
from realtime.wire.room import MAX_FRAME_BYTES
from tests.browser.people import Meeting, Person
from tests.browser.scenes import ADMIN
from tests.browser.stack import Stack


def _status_of(person: Person, path: str) -> int:
    answer = person.page.goto(f"{person.stack.origin}{path}")
    assert answer is not None
    return answer.status


def test_a_patient_stopped_for_a_missing_agreement_signs_it_there_and_gets_in(
    people: Meeting, stack: Stack
) -> None:
    carla = people.person("carla")
    carla.sign_in(at=f"/rooms/{stack.session('door')}/")
    expect(carla.page.get_by_role("heading", name="One thing before you join")).to_be_visible()
    carla.page.get_by_role("link", name="Read and sign").click()
    carla.page.get_by_label("I have read this agreement").check()
    carla.page.get_by_label("Type your full name to sign").fill("Carla Example")
    carla.page.get_by_role("button", name="Sign this agreement").click()
    carla.is_on("preview")
    carla.join()
    carla.is_on("waiting")
    assert stack.ledger.seat(stack.session("door"), carla.id)[0] == "WAITING"


def test_nobody_finds_a_session_that_is_not_theirs(people: Meeting, stack: Stack) -> None:
    dora = people.person("dora")
    dora.sign_in()
    dora.sees("Hello, Dora")
    # Another patient's session looks exactly like one that does not exist.
    for session in (stack.session("first_light"), "00000000-0000-4000-8000-000000000000"):
        assert _status_of(dora, f"/rooms/{session}/") == HTTPStatus.NOT_FOUND
        dora.sees("Nothing here")
    # A page that is not for patients at all says so.
    assert _status_of(dora, f"/admin/sessions/{stack.session('door')}/audit/") == HTTPStatus.FORBIDDEN


def test_an_administrator_has_no_way_into_a_room(people: Meeting, stack: Stack) -> None:
    admin = people.person(ADMIN)
    admin.sign_in(at="/admin/sessions/")
    admin.sees("Door group")
    assert _status_of(admin, f"/rooms/{stack.session('door')}/") == HTTPStatus.FORBIDDEN


def test_a_room_that_is_not_open_yet_says_when_it_opens(people: Meeting, stack: Stack) -> None:
    dina = people.person("dina")
    dina.sign_in()
    dina.sees("The waiting room opens")
    dina.page.get_by_role("link", name="Try camera and microphone").click()
    dina.is_on("preview")
    dina.join()
    dina.sees("The waiting room is not open yet")
    dina.sees("opens")


def test_frames_outside_the_protocol_are_answered_by_the_code_of_the_table(
    people: Meeting, stack: Stack
) -> None:
    dora = people.person("dora")
    dora.sign_in()
    dora.sees("Hello, Dora")
    too_large = f'{{"type": "ping", "id": 1, "pad": "{"x" * MAX_FRAME_BYTES}"}}'
    for frames, error in (([too_large], ErrorId.TOO_LARGE), (["no JSON"] * 4, ErrorId.BAD_MESSAGE)):
        closed = dora.page.evaluate(
            """([path, frames]) => new Promise((resolve) => {
              const socket = new WebSocket(path);
              socket.onopen = () => frames.forEach((frame) => socket.send(frame));
              socket.onclose = (event) => resolve(event.code);
            })""",
            [f"/ws/rooms/{stack.session('door')}/", frames],
        )
        assert closed == CLOSE_CODES[error]

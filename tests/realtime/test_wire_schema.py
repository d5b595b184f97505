"""The committed schema is what the code says, and refuses what the protocol refuses."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from realtime.wire.errors import CLOSE_CODES, ErrorId
from realtime.wire.room import CLIENT, CLIENT_TYPES
from realtime.wire.schema import room_schema, schema_text

ROOT = Path(__file__).resolve().parents[2]


def test_committed_schema_is_current() -> None:
    committed = (ROOT / "docs" / "wire.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "run: python -m realtime.wire.schema > docs/wire.schema.json"


def test_list_of_client_types_is_complete() -> None:
    assert set(room_schema()["$defs"]["ClientMessage"]["discriminator"]["mapping"]) == set(CLIENT_TYPES)


def test_protocol_page_names_every_message_error_and_close_code() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    definitions = room_schema()["$defs"]
    for direction in ("ClientMessage", "ServerMessage"):
        for message in definitions[direction]["discriminator"]["mapping"]:
            assert f"`{message} {{" in page, message
    for error in ErrorId:
        assert f"`{error.value}`" in page, error
    for code in CLOSE_CODES.values():
        assert str(code) in page, code


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "join", "id": 1, "microphone": True, "camera": True, "role": "facilitator"},
        {"type": "join", "id": 0, "microphone": True, "camera": True},
        {"type": "join", "id": 1, "microphone": "yes please", "camera": True},
        {"type": "join", "microphone": True, "camera": True},
        {"type": "publish.offer", "id": 1, "generation": 0, "sdp": "v=0"},
        {"type": "participant.admit", "id": 1, "participant": "x' OR 1=1"},
        {"type": "participant.unmute", "id": 1, "participant": "x"},
        {"id": 1},
        [],
        "join",
        None,
    ],
)
def test_frames_outside_the_protocol_are_refused(frame: object) -> None:
    with pytest.raises(ValidationError):
        CLIENT.validate_python(frame)


def test_server_messages_promise_all_their_fields() -> None:
    for name, definition in room_schema()["$defs"].items():
        if definition.get("properties", {}).get("type", {}).get("default"):
            assert set(definition["required"]) == set(definition["properties"]), name


def test_every_close_code_is_one_that_a_server_may_send() -> None:
    assert all(4000 <= code < 5000 for code in CLOSE_CODES.values())

"""The JSON schema of the room socket: `python -m realtime.wire.schema > docs/wire.schema.json`."""

import json
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from realtime.wire import room, state
from realtime.wire.errors import CLOSE_CODES


def room_schema() -> dict[str, Any]:  # a JSON schema is nested JSON without a type of its own
    """Give one document that defines every message, the two unions, and the close codes."""
    client = room.CLIENT.json_schema(mode="validation", ref_template="#/$defs/{model}")
    server = room.SERVER.json_schema(mode="serialization", ref_template="#/$defs/{model}")
    _, states = models_json_schema(
        [(state.RoomState, "serialization"), (state.RoomEvent, "serialization")],
        ref_template="#/$defs/{model}",
    )
    definitions: dict[str, Any] = {}
    for part in (client, server, states):
        for name, definition in part.pop("$defs").items():
            if definitions.setdefault(name, definition) != definition:
                raise ValueError(f"{name} reads differently in the two directions")
    definitions["ClientMessage"] = client
    definitions["ServerMessage"] = server
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Room socket",
        "protocol": room.PROTOCOL_VERSION,
        "close_codes": {error.value: code for error, code in CLOSE_CODES.items()},
        "oneOf": [{"$ref": "#/$defs/ClientMessage"}, {"$ref": "#/$defs/ServerMessage"}],
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """Give the schema as the bytes that are committed."""
    return json.dumps(room_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())

"""Every error a room socket can report, and the close code it goes with."""

from enum import StrEnum


class ErrorId(StrEnum):
    """Name an error; ids are never reused (docs/protocol.md section 5)."""

    UNAUTHENTICATED = "unauthenticated"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    REMOVED = "removed"
    SUPERSEDED = "superseded"
    NOT_YET_OPEN = "not_yet_open"
    ENDED = "ended"
    LOGGED_OUT = "logged_out"
    BAD_MESSAGE = "bad_message"
    RATE_LIMITED = "rate_limited"
    TOO_LARGE = "too_large"
    SERVER_ERROR = "server_error"
    OPENED_ELSEWHERE = "opened_elsewhere"
    NOT_JOINED = "not_joined"
    NOT_IN_ROOM = "not_in_room"
    CONFLICT = "conflict"
    BAD_SDP = "bad_sdp"
    STALE_GENERATION = "stale_generation"
    RELAY_UNAVAILABLE = "relay_unavailable"


NORMAL_CLOSURE = 1000

# All ours: a server may not send those that browsers and libraries give out themselves (1009, 1011).
CLOSE_CODES: dict[ErrorId, int] = {
    ErrorId.UNAUTHENTICATED: 4401,
    ErrorId.DENIED: 4403,
    ErrorId.NOT_FOUND: 4404,
    ErrorId.REMOVED: 4410,
    ErrorId.SUPERSEDED: 4409,
    ErrorId.NOT_YET_OPEN: 4425,
    ErrorId.ENDED: 4411,
    ErrorId.LOGGED_OUT: 4412,
    ErrorId.BAD_MESSAGE: 4400,
    ErrorId.RATE_LIMITED: 4429,
    ErrorId.TOO_LARGE: 4413,
    ErrorId.SERVER_ERROR: 4500,
}

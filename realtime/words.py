"""The sentences of a room socket: what happened, and what the person can do."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.wire.errors import ErrorId
from telehealth.core.errors import Denied, DomainError, NotFound


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of the protocol with its words."""

    error: ErrorId
    text: str
    reason: str | None = None
    way_out: str | None = None


_WORDS: dict[ErrorId, tuple[str, str | None]] = {
    ErrorId.UNAUTHENTICATED: ("Your sign-in has ended.", "Sign in again to come back to the session."),
    ErrorId.DENIED: ("This account may not do this.", None),
    ErrorId.NOT_FOUND: ("This session does not exist, or it is not one of yours.", None),
    ErrorId.REMOVED: (
        "The facilitator removed you from this session.",
        "Call your program if you have questions.",
    ),
    ErrorId.SUPERSEDED: (
        "You continued this session on another device or in another tab.",
        "You can close this one.",
    ),
    ErrorId.NOT_YET_OPEN: ("The waiting room is not open yet.", None),
    ErrorId.ENDED: ("This session is over.", None),
    ErrorId.LOGGED_OUT: ("You signed out, so this session was closed here.", "Sign in again to come back."),
    ErrorId.BAD_MESSAGE: ("The page sent something we do not understand.", "Reload the page."),
    ErrorId.RATE_LIMITED: ("The page sent too much at once.", "It connects again by itself."),
    ErrorId.TOO_LARGE: ("The page sent something too large.", "It connects again by itself."),
    ErrorId.SERVER_ERROR: ("Something went wrong on our side.", "The page connects again by itself."),
    ErrorId.OPENED_ELSEWHERE: (
        "You have this session open on another device or in another tab.",
        "Continue here, and the other one stops.",
    ),
    ErrorId.NOT_JOINED: ("Join the session first.", None),
    ErrorId.NOT_IN_ROOM: ("You are not in the room yet.", "Please wait until you are let in."),
    ErrorId.CONFLICT: ("The room has changed meanwhile.", None),
    ErrorId.BAD_SDP: (
        "Your browser's media description cannot be used.",
        "Reload the page or try another browser.",
    ),
    ErrorId.STALE_GENERATION: ("A newer attempt is under way.", None),
    ErrorId.RELAY_UNAVAILABLE: (
        "The media server cannot be reached at the moment. You keep your place.",
        "Picture and sound come back by themselves.",
    ),
}

# What the relay may answer, in the words of the room; everything else is a relay that cannot be reached.
_RELAY_WORDS: dict[str, tuple[str, str | None]] = {
    "draining": (
        "The media server is about to be restarted and takes nobody new. You keep your place.",
        "Picture and sound start by themselves as soon as it is back.",
    ),
    "locked": (
        "The room was locked just now, and the media server does not know your place yet.",
        "Picture and sound start by themselves in a moment.",
    ),
}

_KNOWN = frozenset(each.value for each in ErrorId)


def refusal(error: ErrorId, *, reason: str | None = None) -> Refusal:
    """Give the usual words of an error."""
    text, way_out = _WORDS[error]
    return Refusal(error, text, reason, way_out)


def refusal_of(error: DomainError) -> Refusal:
    """Give a refusal of the domain in the protocol's terms; its own sentence wins over the usual one."""
    if error.error in _KNOWN:
        named = ErrorId(error.error)
        return Refusal(named, error.text, None, error.way_out)
    if isinstance(error, NotFound):
        return Refusal(ErrorId.NOT_FOUND, error.text, error.error, error.way_out)
    if isinstance(error, Denied):
        return Refusal(ErrorId.DENIED, error.text, error.error, error.way_out)
    return Refusal(ErrorId.CONFLICT, error.text, error.error, error.way_out)


def relay_refusal(error: str) -> Refusal:
    """Give the words for an error of the relay's closed list."""
    match error:
        case "bad_sdp" | "too_large" | "bad_request":
            return refusal(ErrorId.BAD_SDP)
        case "stale_generation":
            return refusal(ErrorId.STALE_GENERATION)
        case _:
            usual = refusal(ErrorId.RELAY_UNAVAILABLE, reason=error)
            text, way_out = _RELAY_WORDS.get(error, (usual.text, usual.way_out))
            return Refusal(usual.error, text, error, way_out)

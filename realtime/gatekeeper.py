"""Who is at the other end of a socket, and whether this room is theirs to ask about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from realtime.wire.errors import ErrorId
from realtime.words import Refusal, refusal
from sessions.selectors.scope import knows_session
from telehealth.accounts import access
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.accounts.selectors import mfa_is_missing, session_user
from telehealth.accounts.services import touch_session
from telehealth.audit import services as audit
from telehealth.core.errors import DomainError, NotFound


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person on a socket."""

    user: User
    role: Role
    session_key: str


class NoLoginError(DomainError):
    """The socket carries no live login."""

    def __init__(self) -> None:
        words = refusal(ErrorId.UNAUTHENTICATED)
        super().__init__(words.error, words.text, words.way_out)


class WrongAccountError(DomainError):
    """The account is of a kind that never takes part in sessions, or has not finished signing in."""

    status = 403

    def __init__(self, text: str, way_out: str | None = None) -> None:
        super().__init__(ErrorId.DENIED, text, way_out)


def is_our_origin(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Say whether a page of ours opens this socket.

    Cookies know neither ports nor schemes, so the whole origin has to match, not only its host name.
    """
    found = {name.lower(): value.decode("latin-1") for name, value in headers}
    origin = found.get(b"origin", "").rstrip("/")
    if origin == settings.PUBLIC_ORIGIN:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and parts.netloc == found.get(b"host")


def identify(*, session_key: str | None, group_session_id: UUID, at: datetime) -> Caller:
    """Give the caller of a room, or refuse: no login, no second factor, wrong account, not their room."""
    user = session_user(session_key, at) if session_key else None
    if user is None or not session_key:
        raise NoLoginError
    if mfa_is_missing(user):
        raise WrongAccountError("Set up your second sign-in step first.", "Open your home page to do so.")
    if not access.may_send(user.role_enum, "join"):
        deny(user, "role", group_session_id, "join", at)
        raise WrongAccountError(
            "This account cannot join live sessions.",
            "Sign in with the account of the person who takes part.",
        )
    if not knows_session(user, group_session_id, at):
        deny(user, "not_found", group_session_id, "connect", at)
        raise NotFound("session_not_found", "There is no such session among yours.")
    return Caller(user, user.role_enum, session_key)


def deny(user: User, reason: str, group_session_id: UUID, message: str, at: datetime) -> None:
    """Put a refusal into the audit trail."""
    audit.record_denial(
        actor=user,
        reason=reason,
        at=at,
        where=f"room:{message}",
        ids={"group_session": str(group_session_id)},
    )


def keep_login(caller: Caller, group_session_id: UUID, at: datetime) -> Refusal | None:
    """Count a heartbeat as activity of the browser session.

    Gives why the socket must end, if it must: the login is over, or the room is no longer one of theirs.
    """
    if not touch_session(session_key=caller.session_key, role=caller.role, at=at):
        return refusal(ErrorId.UNAUTHENTICATED)
    if not knows_session(caller.user, group_session_id, at):
        deny(caller.user, "not_found", group_session_id, "ping", at)
        return refusal(ErrorId.NOT_FOUND)
    return None

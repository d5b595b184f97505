"""System checks with stable ids: settings that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .start import TAG

TURN_URL = r"turns?:[A-Za-z0-9.\-\[\]:]+(\?transport=(udp|tcp))?"
SHORTEST_SECRET = 16
SHORTEST_TURN_SECONDS, LONGEST_TURN_SECONDS = 300, 24 * 3600


@register(TAG, deploy=True)
def settings_fit_together(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Refuse settings under which the product would be unsafe or would quietly do half its work."""
    found = (
        _secret_key(),
        _second_factor(),
        _worker(),
        _origin(),
        _relay(),
        _turn(),
        _database(),
        _mail(),
    )
    return [error for error in found if error is not None]


def _secret_key() -> Error | None:
    if not settings.SECRET_KEY_IS_MISSING:
        return None
    return Error("There is no secret key.", hint="Set SECRET_KEY or SECRET_KEY_FILE.", id="core.E001")


def _second_factor() -> Error | None:
    if settings.REQUIRE_STAFF_MFA or settings.DEMO_MODE or settings.TESTING:
        return None
    return Error(
        "Staff could sign in without a second factor outside the demo.",
        hint="Remove REQUIRE_STAFF_MFA=0.",
        id="core.E002",
    )


def _worker() -> Error | None:
    if not (settings.EMBEDDED_WORKER and settings.REDIS_URL):
        return None
    return Error(
        "EMBEDDED_WORKER is on although REDIS_URL says that there may be several web processes.",
        hint="Set EMBEDDED_WORKER=0 and run the worker as a process of its own, or remove REDIS_URL.",
        id="core.E003",
    )


def _origin() -> Error | None:
    origin = urlsplit(settings.PUBLIC_ORIGIN)
    if origin.scheme not in ("http", "https") or not origin.hostname or origin.path or origin.query:
        return Error(
            "PUBLIC_ORIGIN is not an origin.", hint="Write it as https://care.example.org", id="core.E004"
        )
    local = origin.hostname in ("localhost", "127.0.0.1", "::1")
    if origin.scheme == "http" and not local and not settings.DEMO_MODE:
        return Error(
            "PUBLIC_ORIGIN is plain http: passwords would travel readable, and browsers refuse the camera.",
            hint="Serve https and set PUBLIC_ORIGIN=https://...",
            id="core.E005",
        )
    return None


def _relay() -> Error | None:
    if not settings.RELAY_CONTROL_URL or settings.RELAY_CONTROL_SECRET:
        return None
    return Error(
        "RELAY_CONTROL_URL is set without the secret of the relay.",
        hint="Set RELAY_CONTROL_SECRET or RELAY_CONTROL_SECRET_FILE.",
        id="core.E006",
    )


def _turn() -> Error | None:
    text = ""
    if bool(settings.TURN_URLS) != bool(settings.TURN_SECRET):
        text = "TURN_URLS and TURN_SECRET are given one without the other."
    elif any(re.fullmatch(TURN_URL, url) is None for url in settings.TURN_URLS):
        text = "TURN_URLS holds something that is no address of a TURN server."
    elif settings.TURN_SECRET and len(settings.TURN_SECRET) < SHORTEST_SECRET:
        text = f"TURN_SECRET has fewer than {SHORTEST_SECRET} characters."
    elif settings.ICE_TRANSPORT_POLICY not in ("all", "relay"):
        text = "ICE_TRANSPORT_POLICY is neither all nor relay."
    elif settings.ICE_TRANSPORT_POLICY == "relay" and not settings.TURN_URLS:
        text = "ICE_TRANSPORT_POLICY=relay leaves browsers no way at all without TURN_URLS."
    elif not SHORTEST_TURN_SECONDS <= settings.TURN_TTL_SECONDS <= LONGEST_TURN_SECONDS:
        text = "TURN_TTL_SECONDS is not between five minutes and a day."
    hint = (
        "Write URLs as turn:HOST:PORT?transport=udp, turns:HOST:PORT?transport=tcp; see docs/operations.md."
    )
    return Error(text, hint=hint, id="core.E009") if text else None


def _database() -> Error | None:
    if not settings.DEMO_MODE or not settings.DATABASE_URL or settings.IS_DEMO_DATABASE_ALLOWED:
        return None
    return Error(
        "DEMO_MODE is on with a database that was given by DATABASE_URL.",
        hint="The demo has a database of its own; to use yours for it, set DEMO_DATABASE=1.",
        id="core.E007",
    )


def _mail() -> Error | None:
    if settings.EMAIL_HOST or settings.DEMO_MODE or settings.TESTING:
        return None
    return Error(
        "There is no mail server: addresses and links that set passwords would be written to the log.",
        hint="Set EMAIL_HOST.",
        id="core.E008",
    )

"""Credentials for the TURN server: good for some hours, made from a shared secret, and naming nobody.

The scheme is the one coturn calls `use-auth-secret` (draft-uberti-behave-turn-rest): the user name is the
time at which it ends and a random label, the password is its HMAC-SHA1 under the secret. The TURN server
keeps no list of users and asks nobody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from realtime.wire import room as wire

# Long enough that nobody guesses the label of a living credential, and counted per label in the user quota.
LABEL_BYTES = 12


def credential(*, secret: str, username: str) -> str:
    """Give the password that belongs to a user name."""
    # SHA-1 is what every TURN server of this scheme computes; as an HMAC key it is not known to be weak.
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def server(*, urls: list[str], secret: str, ends_at: datetime, label: str) -> wire.IceServer:
    """Write one entry of a browser's configuration; `label` must not say who it is for."""
    username = f"{int(ends_at.timestamp())}:{label}"
    return wire.IceServer(
        urls=urls, username=username, credential=credential(secret=secret, username=username)
    )


def ice_servers(*, message_id: int, at: datetime) -> wire.IceServers:
    """Answer a page that is about to build a media path; each answer has a credential of its own.

    There is no STUN server: the relay has a public address and learns the browser's from its checks.
    """
    servers = []
    if settings.TURN_URLS:
        servers.append(
            server(
                urls=settings.TURN_URLS,
                secret=settings.TURN_SECRET,
                ends_at=at + timedelta(seconds=settings.TURN_TTL_SECONDS),
                label=secrets.token_urlsafe(LABEL_BYTES),
            )
        )
    policy: Literal["all", "relay"] = "relay" if settings.ICE_TRANSPORT_POLICY == "relay" else "all"
    return wire.IceServers(id=message_id, servers=servers, policy=policy)

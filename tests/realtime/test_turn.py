"""Credentials for the TURN server: what every server of the scheme expects, and for seated people only."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from realtime import turn
from realtime.runtime import Runtime
from tests.cast import Cast
from tests.realtime.tabs import open_tab

URLS = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:5349?transport=tcp"]
SECRET = "the secret that coturn shares"
AT = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)


@pytest.fixture
def _turn(settings: Settings) -> None:
    settings.TURN_URLS, settings.TURN_SECRET, settings.TURN_TTL_SECONDS = URLS, SECRET, 3600
    settings.ICE_TRANSPORT_POLICY = "all"


@pytest.mark.parametrize(
    ("secret", "username", "digest"),
    [
        # RFC 2202, test case 2: the keyed hash itself.
        ("Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        # What `openssl dgst -sha1 -hmac north` says of a user name of the scheme.
        ("north", "1433895918:ab12", "cbc2d0ea21db2691607c491b487597d34cd22944"),
    ],
)
def test_the_password_is_the_hash_that_turn_servers_compute(secret: str, username: str, digest: str) -> None:
    assert base64.b64decode(turn.credential(secret=secret, username=username)).hex() == digest


@pytest.mark.usefixtures("_turn")
def test_a_credential_ends_in_time_and_names_nobody() -> None:
    first, second = (turn.ice_servers(message_id=7, at=AT) for _ in range(2))
    (server,) = first.servers
    ends, _, label = server.username.partition(":")
    assert (first.id, first.policy, server.urls) == (7, "all", URLS)
    assert int(ends) == (AT + timedelta(hours=1)).timestamp()
    expected = hmac.new(SECRET.encode(), server.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(server.credential) == expected
    assert len(label) >= 16
    assert label != second.servers[0].username.partition(":")[2]


def test_without_a_turn_server_the_browser_goes_straight_to_the_relay(settings: Settings) -> None:
    settings.TURN_URLS = []
    assert turn.ice_servers(message_id=1, at=AT).servers == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_turn")
async def test_only_who_has_a_seat_gets_credentials(cast: Cast, runtime: Runtime) -> None:
    patient = await open_tab(cast.group_session.pk, cast.patient)
    assert (await patient.call("ice_servers.get"))["error"] == "not_joined"
    await patient.join()
    assert (await patient.call("ice_servers.get"))["error"] == "not_in_room"
    therapist = await open_tab(cast.group_session.pk, cast.therapist)
    await therapist.join()
    answer = await therapist.call("ice_servers.get")
    (server,) = answer["servers"]
    assert (answer["type"], answer["policy"], server["urls"]) == ("ice_servers", "all", URLS)
    known = (str(cast.therapist.pk), cast.therapist.email, therapist.connection, str(cast.group_session.pk))
    assert not any(word in server["username"] for word in known)
    for tab in (patient, therapist):
        await tab.cut()

"""What is compared with our relay says clearly when it cannot be."""

import asyncio
import json
import re
import secrets
from pathlib import Path

import pytest

from tests.load.calls import sdp
from tests.load.calls.relays import Place, RelayFailedError, RelayMissingError
from tests.load.calls.relays.janus import JanusRelay, configuration
from tests.load.calls.relays.reencode import without_remb
from tests.load.calls.relays.reencode_process import Reencoder

_LOCAL = sdp.Local("ufrag", secrets.token_hex(12), ":".join(["AB"] * 32), ("127.0.0.1", 9))


def _janus(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str | None = None) -> JanusRelay:
    """Return a Janus of a machine whose only program is this one."""
    programs = folder / "programs"
    programs.mkdir()
    if script is not None:
        (programs / "janus").write_text(f"#!/bin/sh\n{script}\n")
        (programs / "janus").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return JanusRelay(Place("127.0.0.1", folder))


def _settings(text: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+) = \"?([^\"\n]*)\"?\n", text))


def test_janus_is_told_where_it_is_and_what_nobody_needs_and_nothing_else() -> None:
    files = configuration("192.0.2.1", 8088, None)
    assert all(text.count("{") == text.count("}") for text in files.values())
    assert set(_settings(files["janus.jcfg"])) == {"interface", "ice_enforce_list", "disable"}
    assert set(_settings(files["janus.transport.http.jcfg"])) == {"http", "ip", "port", "json"}
    assert "videoroom" not in files["janus.jcfg"]
    assert "libjanus_http" not in files["janus.jcfg"]


def test_a_tuned_janus_differs_by_its_event_loops_only() -> None:
    plain, tuned = (_settings(configuration("192.0.2.1", 8088, loops)["janus.jcfg"]) for loops in (None, 1))
    assert tuned.pop("event_loops") == "1"
    assert tuned == plain


def test_a_machine_without_janus_is_told_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = _janus(tmp_path, monkeypatch)
    with pytest.raises(RelayMissingError, match="apt-get install janus"):
        relay.start()
    relay.stop()


def test_a_janus_that_ends_at_once_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = _janus(tmp_path, monkeypatch, "echo the address is taken; exit 1")
    with pytest.raises(RelayFailedError, match="the address is taken"):
        relay.start()


async def _relayed(publishers: int) -> tuple[dict[str, str], dict[str, str]]:
    """Let a microphone and a camera be published, and somebody else ask for so many publishers."""
    reencoder = Reencoder()
    lines = sdp.publishing([(sdp.AUDIO, 1), (sdp.VIDEO, 2)])
    offer = sdp.write(_LOCAL, lines, setup="actpass")
    try:
        published, subscribed = [
            await reencoder.answer(json.dumps({"room": "r", **request}).encode())
            for request in (
                {"op": "publish", "participant": "a", "sdp": offer},
                {"op": "subscribe", "participant": "b", "publishers": publishers},
            )
        ]
    finally:
        await reencoder.close()
    return published, subscribed


def test_the_reencoder_takes_and_offers_voice_and_pictures_in_our_codecs() -> None:
    published, subscribed = asyncio.run(_relayed(1))
    for described in (published["ok"], subscribed["ok"]):
        assert [line.kind for line in sdp.read(described).lines] == [sdp.AUDIO, sdp.VIDEO]


def test_the_reencoder_refuses_more_publishers_than_there_are() -> None:
    _, subscribed = asyncio.run(_relayed(2))
    assert "there are 1 publishers, not 2" in subscribed["error"]


def test_receivers_of_the_reencoder_are_not_offered_remb() -> None:
    _, subscribed = asyncio.run(_relayed(1))
    assert sdp.read(subscribed["ok"]).takes_remb
    offer = without_remb(subscribed["ok"])
    assert not sdp.read(offer).takes_remb
    assert "nack pli" in offer

"""Session descriptions: what browsers write is answered, everything else is `bad_sdp`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime.relay.negotiation import sdp_read
from tests.relay.network import World
from tests.relay.peer import AUDIO, VIDEO, FakePeer, description

CHROMIUM = Path(__file__).with_name("chromium_offer.sdp").read_bytes().decode()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.ask("connection.open", room="r", connection="a", participant="p", microphone=True, camera=True)
    return made


@pytest.fixture
def good(world: World) -> str:
    return FakePeer(world, ("192.0.2.1", 1)).offer(AUDIO, VIDEO)


def offer(world: World, sdp: str, generation: int = 1) -> str:
    return str(world.ask("publish.offer", connection="a", generation=generation, sdp=sdp)["sdp"])


def test_a_chromium_offer_is_answered_with_opus_and_vp8_at_its_own_numbers(world: World) -> None:
    answer = offer(world, CHROMIUM)
    lines = answer.splitlines()
    assert "a=ice-lite" in lines
    assert "a=setup:passive" in lines
    assert "a=group:BUNDLE 0 1" in lines
    assert [line for line in lines if line.startswith("m=")] == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
    ]
    assert lines.count("a=recvonly") == 2
    assert [line for line in lines if "candidate:" in line] == [
        "a=candidate:1 1 udp 2130706431 10.0.0.1 3478 typ host"
    ]
    for feedback in ("nack", "nack pli", "ccm fir", "goog-remb"):
        assert f"a=rtcp-fb:96 {feedback}" in lines
    assert "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" in lines
    assert sum(line.endswith("sdes:mid") for line in lines) == 2


def test_the_same_offer_again_is_answered_alike_and_a_camera_can_be_added(world: World) -> None:
    peer = FakePeer(world, ("192.0.2.1", 1))
    first = offer(world, peer.offer(AUDIO))
    again = offer(world, peer.offer(AUDIO, VIDEO))
    credentials = [line for line in first.splitlines() if line.startswith(("a=ice-", "a=fingerprint"))]
    assert credentials == [
        line for line in again.splitlines() if line.startswith(("a=ice-", "a=fingerprint"))
    ]
    assert again.count("a=recvonly") == 2


def test_an_m_line_the_relay_has_no_use_for_is_rejected_in_its_place(world: World, good: str) -> None:
    data = "\r\n".join(["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2"])
    answer = offer(world, good + data + "\r\na=sctp-port:5000\r\na=ice-ufrag:fake\r\n")
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel" in answer
    assert "a=group:BUNDLE 0 1\r\n" in answer


def test_an_m_line_that_is_bundle_only_is_not_rejected(world: World, good: str) -> None:
    answer = offer(
        world, good.replace("m=video 9", "m=video 0").replace("a=mid:1", "a=mid:1\r\na=bundle-only")
    )
    assert answer.count("a=recvonly") == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda sdp: "",
        lambda sdp: "hello",
        lambda sdp: sdp[: sdp.index("m=")],
        lambda sdp: sdp.replace("a=setup:actpass", "a=setup:passive"),
        lambda sdp: sdp.replace("a=setup:actpass\r\n", ""),
        lambda sdp: sdp.replace("a=fingerprint", "a=footprint"),
        lambda sdp: sdp.replace("a=ice-ufrag:fake\r\n", ""),
        lambda sdp: sdp.replace("a=ice-ufrag:fake", "a=ice-ufrag:other", 1),
        lambda sdp: sdp.replace("a=mid:1", "a=mid:0"),
        lambda sdp: sdp.replace("a=mid:1", "a=mid:" + "x" * 100),
        lambda sdp: sdp.replace("m=audio 9", "m=audio nine"),
        lambda sdp: sdp.replace("a=rtpmap:120 ", "a=fmtp:121 x=y\r\na=rtpmap:120 "),
        lambda sdp: sdp.replace("m=audio 9", "m=audio 0").replace("m=video 9", "m=video 0"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    world: World, good: str, change: Callable[[str], str]
) -> None:
    broken = change(good)
    if broken:
        assert world.refused("publish.offer", connection="a", generation=1, sdp=broken) == "bad_sdp"
    else:
        assert world.refused("publish.offer", connection="a", generation=1, sdp=broken) == "bad_request"
    assert "m=audio" in offer(world, good)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_cut_and_shuffled_descriptions_are_read_or_refused(data: st.DataObject) -> None:
    lines = CHROMIUM.splitlines()
    kept = data.draw(st.lists(st.sampled_from(lines), max_size=60))
    mangled = data.draw(st.sampled_from(kept or [""]))
    cut = data.draw(st.integers(0, 60))
    text = "\r\n".join(["v=0", *kept, mangled[:cut], data.draw(st.text(max_size=20))])
    try:
        sdp_read.read(text)
    except sdp_read.BadSdpError:
        return


def test_a_description_over_the_limit_is_too_large(world: World, good: str) -> None:
    padded = good + "a=x:" + "y" * 33_000 + "\r\n"
    assert world.refused("publish.offer", connection="a", generation=1, sdp=padded) == "too_large"


def test_another_certificate_in_the_same_generation_is_refused(world: World, good: str) -> None:
    offer(world, good)
    digest = good.split("a=fingerprint:sha-256 ")[1].split()[0]
    other = good.replace(digest, ":".join(["AB"] * 32))
    assert world.refused("publish.offer", connection="a", generation=1, sdp=other) == "bad_sdp"
    offer(world, other, generation=2)


def test_the_offer_of_slots_is_the_same_each_time_and_has_no_ssrc_twice(world: World) -> None:
    names = {"connection": "a", "generation": 1}
    text = world.ask("subscribe.offer", **names)["sdp"]
    assert world.ask("subscribe.offer", **names)["sdp"] == text
    ssrcs = [line.split()[0] for line in text.splitlines() if line.startswith("a=ssrc:")]
    assert len(set(ssrcs)) == 3 + 2 * (3 + 1)  # pictures have a second one for what is sent again
    assert text.count("a=sendonly") == 3 + 3 + 1
    assert "a=setup:actpass" in text


def test_an_answer_must_fit_the_offer(world: World) -> None:
    names = {"connection": "a", "generation": 1}
    peer = FakePeer(world, ("192.0.2.1", 1))
    text = world.ask("subscribe.offer", **names)["sdp"]
    short = description(peer, [(AUDIO, "a0", "recvonly")], setup="active")
    assert world.refused("subscribe.answer", **names, sdp=short) == "bad_sdp"
    server = peer.answer(text).replace("a=setup:active", "a=setup:passive")
    assert world.refused("subscribe.answer", **names, sdp=server) == "bad_sdp"
    world.ask("subscribe.answer", **names, sdp=peer.answer(text))
    assert world.refused("subscribe.answer", connection="a", generation=2, sdp=peer.answer(text)) == (
        "stale_generation"
    )

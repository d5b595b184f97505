"""The offer of slots, and what the relay takes from a browser's answer to it."""

from pathlib import Path

import pytest

from realtime.relay.clock import SECOND
from realtime.relay.packets import rtcp
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import PAYLOADS, VIDEO, FakePeer
from tests.relay.receiver import RTX_PAYLOAD, with_rtx

NAMES = {"connection": "b", "generation": 1}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, audio_slots=16, video_slots=12)


def sections(offer: str) -> list[list[str]]:
    """Return the lines of each m-section."""
    return [section.split("\r\n") for section in offer.split("\r\nm=")[1:]]


def test_the_pool_holds_voices_cameras_and_one_screen(world: World) -> None:
    Device(world, "b")
    offer = world.ask("subscribe.offer", **NAMES)["sdp"]
    mids = [next(line[6:] for line in lines if line.startswith("a=mid:")) for lines in sections(offer)]
    assert mids == [*(f"a{i}" for i in range(16)), *(f"v{i}" for i in range(12)), "s0"]


def test_pictures_are_offered_with_rtx_and_voices_with_nack_and_forward_correction(world: World) -> None:
    Device(world, "b")
    offer = world.ask("subscribe.offer", **NAMES)["sdp"]
    ssrcs: list[str] = []
    for lines in sections(offer):
        own = [line.split()[0].removeprefix("a=ssrc:") for line in lines if line.startswith("a=ssrc:")]
        ssrcs += own
        if lines[0].startswith("audio"):
            assert lines[0] == "audio 9 UDP/TLS/RTP/SAVPF 111"
            assert "a=rtcp-fb:111 nack" in lines
            assert "a=fmtp:111 minptime=10;useinbandfec=1" in lines
            assert len(own) == 1
        else:
            assert lines[0] == "video 9 UDP/TLS/RTP/SAVPF 96 97"
            assert {"a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96"} < set(lines)
            assert f"a=ssrc-group:FID {own[0]} {own[1]}" in lines
            assert {"a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 ccm fir"} < set(lines)
    assert len(set(ssrcs)) == len(ssrcs) == 16 + 2 * 13


def test_a_shared_screen_is_in_step_with_nobodys_voice(world: World) -> None:
    Device(world, "b")
    streams = {
        line.split()[1]: line.split()[0]
        for line in world.ask("subscribe.offer", **NAMES)["sdp"].split("\r\n")
        if line.startswith("a=msid:")
    }
    assert streams["a0"] == streams["v0"] == "a=msid:slot-0"
    assert streams["s0"] == "a=msid:screen-0"


def subscribed(world: World, change: dict[str, str], *, rtx: bool) -> list[int]:
    """Answer with changed text; return the payload types that voices and pictures are then sent with."""
    speaker, listener = Device(world, "a").join(), Device(world, "b", kinds=())
    peer = listener.subscriber = FakePeer(world, ("192.0.2.9", 999))
    offer = world.ask("subscribe.offer", **NAMES)["sdp"]
    answer = with_rtx(peer.answer(offer)) if rtx else peer.answer(offer)
    for old, new in change.items():
        assert old in answer
        answer = answer.replace(old, new)
    world.ask("subscribe.answer", **NAMES, sdp=answer)
    peer.connect(offer)
    speaker.speak()
    speaker.show_key()
    return sorted({packet[1] & 0x7F for packet in peer.rtp})


def test_packets_carry_the_payload_types_of_the_browsers_answer(world: World) -> None:
    assert subscribed(world, {}, rtx=True) == [109, 120]


def test_a_browser_that_takes_our_numbers_gets_them(world: World) -> None:
    change = {" 109": " 111", ":109": ":111", " 120": " 96", ":120": ":96"}
    assert subscribed(world, change, rtx=False) == [96, 111]


def test_a_slot_whose_codec_the_browser_lacks_stays_empty(world: World) -> None:
    assert subscribed(world, {"VP8/90000": "H264/90000"}, rtx=False) == [109]


def again(world: World) -> int:
    """Lose the only picture, ask for it, and return the SSRC of what comes."""
    subscriber = world.relay.connections["b"].subscribers[0]
    sent: list[bytes] = []
    world.network.nodes["192.0.2.9", 999] = lambda data, source: sent.append(data)
    ssrc = subscriber.video[0].ssrc
    for start in range(0, 2**15, 500):  # the first number lies there, and nobody wrote it down
        world.clock.ns += SECOND
        nack = rtcp.build_nack(1, ssrc, range(start, start + 500))
        subscriber.on_rtcp(subscriber.peer, rtcp.build_receiver_report(1) + nack, world.clock())
    world.network.deliver()
    (only,) = sent
    return int.from_bytes(only[8:12], "big")


@pytest.mark.parametrize("apt", [PAYLOADS[VIDEO], 98])
def test_rtx_is_used_for_our_codec_and_not_for_another(world: World, apt: int) -> None:
    own, other = (f"a=fmtp:{RTX_PAYLOAD} apt={payload}" for payload in (PAYLOADS[VIDEO], apt))
    subscribed(world, {own: other}, rtx=True)
    ssrc = world.relay.connections["b"].subscribers[0].video[0].ssrc
    assert (again(world) == ssrc) == (apt != PAYLOADS[VIDEO])

"""Write the offer of the slot pool."""

from collections.abc import Sequence
from dataclasses import dataclass

from realtime.relay.negotiation.sdp_read import ABS_SEND_TIME_URI, AUDIO_LEVEL_URI, MID_URI
from realtime.relay.negotiation.sdp_write import Local, candidate_lines, session_lines
from realtime.relay.uplink.encoding import ABS_SEND_TIME_ID, AUDIO_LEVEL_ID, OPUS_PAYLOAD, VP8_PAYLOAD
from realtime.wire.relay import MediaKind

RTX_PAYLOAD = 97
_MID_ID = 4
_PROFILE = "UDP/TLS/RTP/SAVPF"
_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")


@dataclass(frozen=True, slots=True)
class SlotLine:
    """Describe one sendonly m-line; lines with equal `stream` are played in step.

    `rtx_ssrc` is the stream of what is sent again (RFC 4588); only pictures have one.
    """

    mid: str
    kind: MediaKind
    ssrc: int
    stream: str
    rtx_ssrc: int | None = None


def slot_offer(local: Local, slots: Sequence[SlotLine], *, session_id: int, version: int) -> str:
    """Offer the whole pool; `actpass` because browsers refuse anything else in a first offer."""
    lines = session_lines(local, "actpass", [slot.mid for slot in slots], session_id, version)
    for index, slot in enumerate(slots):
        payloads = f"{OPUS_PAYLOAD}" if slot.kind == "audio" else f"{VP8_PAYLOAD} {RTX_PAYLOAD}"
        lines += [f"m={slot.kind} 9 {_PROFILE} {payloads}", "c=IN IP4 0.0.0.0", f"a=mid:{slot.mid}"]
        lines += ["a=sendonly", "a=rtcp-mux", "a=rtcp-rsize"]
        if index == 0:
            lines += candidate_lines(local.candidates)
        lines.append(f"a=extmap:{_MID_ID} {MID_URI}")
        lines += _voice_codec() if slot.kind == "audio" else _picture_codec()
        lines.append(f"a=msid:{slot.stream} {slot.mid}")
        if slot.rtx_ssrc is not None:
            lines.append(f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}")
        lines.append(f"a=ssrc:{slot.ssrc} cname:{slot.stream}")
        if slot.rtx_ssrc is not None:
            lines.append(f"a=ssrc:{slot.rtx_ssrc} cname:{slot.stream}")
    return "\r\n".join(lines) + "\r\n"


def _voice_codec() -> list[str]:
    return [
        f"a=extmap:{AUDIO_LEVEL_ID} {AUDIO_LEVEL_URI}",
        f"a=rtpmap:{OPUS_PAYLOAD} opus/48000/2",
        f"a=fmtp:{OPUS_PAYLOAD} minptime=10;useinbandfec=1",
        f"a=rtcp-fb:{OPUS_PAYLOAD} nack",
    ]


def _picture_codec() -> list[str]:
    return [
        f"a=extmap:{ABS_SEND_TIME_ID} {ABS_SEND_TIME_URI}",
        f"a=rtpmap:{VP8_PAYLOAD} VP8/90000",
        *(f"a=rtcp-fb:{VP8_PAYLOAD} {each}" for each in _VIDEO_FEEDBACK),
        f"a=rtpmap:{RTX_PAYLOAD} rtx/90000",
        f"a=fmtp:{RTX_PAYLOAD} apt={VP8_PAYLOAD}",
    ]

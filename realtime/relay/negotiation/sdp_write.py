"""Write the relay's answer to a publish offer, and what its descriptions have in common."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from realtime.relay.negotiation.sdp_read import (
    ABS_SEND_TIME_URI,
    AUDIO_LEVEL_URI,
    MID_URI,
    Description,
    Media,
)
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.transport.ice_lite import Address
from realtime.wire.relay import MediaKind

_HOST_PREFERENCE = 126
_ANSWERED_EXTENSIONS = {"audio": (MID_URI, AUDIO_LEVEL_URI), "video": (MID_URI, ABS_SEND_TIME_URI)}


@dataclass(frozen=True, slots=True)
class Local:
    """Say how one of our peers can be reached and recognised."""

    ufrag: str
    password: str
    fingerprint: Fingerprint
    candidates: Sequence[Address]


def candidate_lines(candidates: Sequence[Address]) -> list[str]:
    """Return the a= lines of our fixed host candidates."""
    lines = []
    for index, (host, port) in enumerate(candidates):
        address = ipaddress.ip_address(host)
        priority = (_HOST_PREFERENCE << 24) | ((0xFFFF - index) << 8) | 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {address} {port} typ host")
    return [*lines, "a=end-of-candidates"]


def answer(offer: Description, local: Local, *, sending: Sequence[str], session_id: int, version: int) -> str:
    """Answer a publish offer: take the `sending` m-lines, reject foreign ones."""
    accepted = [media for media in offer.media if is_usable(media)]
    lines = session_lines(local, "passive", [media.mid for media in accepted], session_id, version)
    for media in offer.media:
        kind, payload = media.kind, media.payload
        if kind is None or payload is None or not is_usable(media):
            lines += [f"m={media.section} 0 {media.profile} {media.formats}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{media.mid}", "a=inactive"]
            continue
        lines += [f"m={kind} 9 {media.profile} {payload}", "c=IN IP4 0.0.0.0"]
        lines += [f"a=mid:{media.mid}", "a=recvonly" if media.mid in sending else "a=inactive"]
        lines += ["a=rtcp-mux", "a=rtcp-rsize"]
        if media is accepted[0]:
            lines += candidate_lines(local.candidates)
        for uri in _ANSWERED_EXTENSIONS[kind]:
            if uri in media.extensions:
                lines.append(f"a=extmap:{media.extensions[uri]} {uri}")
        lines += _codec(kind, payload)
    return "\r\n".join(lines) + "\r\n"


def is_usable(media: Media) -> bool:
    """Say whether the relay can take part in this m-line."""
    return (
        media.kind is not None and not media.is_rejected and media.payload is not None and media.has_rtcp_mux
    )


def session_lines(
    local: Local, setup: str, mids: Sequence[str], session_id: int, version: int
) -> list[str]:
    """Return the lines above the first m-line; ICE and DTLS are the same for all of them."""
    return [
        "v=0",
        f"o=- {session_id} {version} IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE " + " ".join(mids),
        "a=msid-semantic: WMS *",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:{local.fingerprint.algorithm} {local.fingerprint.value}",
        f"a=setup:{setup}",
    ]


def _codec(kind: MediaKind, payload: int) -> list[str]:
    if kind == "audio":
        return [f"a=rtpmap:{payload} opus/48000/2", f"a=fmtp:{payload} minptime=10;useinbandfec=1"]
    feedback = [f"a=rtcp-fb:{payload} {each}" for each in ("nack", "nack pli", "ccm fir", "goog-remb")]
    return [f"a=rtpmap:{payload} VP8/90000", *feedback]

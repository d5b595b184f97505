"""Write the relay's answer to a publish offer, and what its descriptions have in common."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from realtime.relay.negotiation.sdp_read import (
    ABS_SEND_TIME_URI,
    AUDIO_LEVEL_URI,
    MID_URI,
    REPAIRED_RID_URI,
    RID_URI,
    Description,
    Media,
)
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.transport.ice_lite import Address

_HOST_PREFERENCE = 126
_ANSWERED_EXTENSIONS = {"audio": (MID_URI, AUDIO_LEVEL_URI), "video": (MID_URI, ABS_SEND_TIME_URI)}
_SIMULCAST_EXTENSIONS = (RID_URI, REPAIRED_RID_URI)
_ANSWERED_FEEDBACK = {"audio": ("nack",), "video": ("nack", "nack pli", "ccm fir", "goog-remb")}
_TURNED = {"sendonly": "/recvonly", "recvonly": "/sendonly", "inactive": "/inactive"}


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


def answer(
    offer: Description, local: Local, *, takes: Mapping[str, Sequence[str]], session_id: int, version: int
) -> str:
    """Answer a publish offer: take the m-lines in `takes` with these layers, reject foreign ones."""
    accepted = [media for media in offer.media if is_usable(media)]
    lines = session_lines(local, "passive", [media.mid for media in accepted], session_id, version)
    for media in offer.media:
        if media not in accepted:
            lines += [f"m={media.section} 0 {media.profile} {media.formats}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{media.mid}", "a=inactive"]
            continue
        payloads = [str(each) for each in (media.payload, media.repair_payload) if each is not None]
        lines += [f"m={media.kind} 9 {media.profile} {' '.join(payloads)}", "c=IN IP4 0.0.0.0"]
        lines += [f"a=mid:{media.mid}", "a=recvonly" if media.mid in takes else "a=inactive"]
        lines += ["a=rtcp-mux", "a=rtcp-rsize"] if media.has_rtcp_rsize else ["a=rtcp-mux"]
        if media is accepted[0]:
            lines += candidate_lines(local.candidates)
        lines += _accepted(media, takes.get(media.mid, ()))
    return "\r\n".join(lines) + "\r\n"


def is_usable(media: Media) -> bool:
    """Say whether the relay can take part in this m-line."""
    return (
        media.kind is not None and not media.is_rejected and media.payload is not None and media.has_rtcp_mux
    )


def session_lines(local: Local, setup: str, mids: Sequence[str], session_id: int, version: int) -> list[str]:
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


def _accepted(media: Media, rids: Sequence[str]) -> list[str]:
    """Return header extensions, codec and layers, each only as far as it is offered (RFC 3264)."""
    kind = "audio" if media.kind == "audio" else "video"
    lines = []
    for uri in _ANSWERED_EXTENSIONS[kind] + (_SIMULCAST_EXTENSIONS if rids else ()):
        if uri in media.extensions:
            number, direction = media.extensions[uri]
            lines.append(f"a=extmap:{number}{_TURNED.get(direction, '')} {uri}")
    if kind == "audio":
        lines += [f"a=rtpmap:{media.payload} opus/48000/2"]
        lines += [f"a=fmtp:{media.payload} minptime=10;useinbandfec=1"]
    else:
        lines += [f"a=rtpmap:{media.payload} VP8/90000"]
    offered = [each for each in _ANSWERED_FEEDBACK[kind] if each in media.feedback]
    lines += [f"a=rtcp-fb:{media.payload} {each}" for each in offered]
    if media.repair_payload is not None:
        lines += [f"a=rtpmap:{media.repair_payload} rtx/90000"]
        lines += [f"a=fmtp:{media.repair_payload} apt={media.payload}"]
    if rids:
        lines += [*(f"a=rid:{rid} recv" for rid in rids), "a=simulcast:recv " + ";".join(rids)]
    return lines

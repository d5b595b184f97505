"""Read a browser's session description: parsed by aiortc, judged here."""

from dataclasses import dataclass

from aiortc import sdp
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from realtime.relay.transport.dtls import Fingerprint
from realtime.wire.relay import MAX_SDP_BYTES, MediaKind

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_MAX_MEDIA = 128
_MAX_TOKEN = 64
# Everything aiortc's parser has been seen to raise on text that is not a session description.
_PARSER_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, RuntimeError, StopIteration,
    TypeError, ValueError,
)  # fmt: skip


class BadSdpError(Exception):
    """The text is not a session description this relay can answer; the argument says why, quoting nothing."""


@dataclass(frozen=True, slots=True)
class Media:
    """Describe one m-line of the other side; `payload` is its number for our codec, None if it lacks it."""

    mid: str
    section: str
    profile: str
    formats: str
    kind: MediaKind | None
    is_rejected: bool
    is_sending: bool
    is_receiving: bool
    payload: int | None
    has_rtcp_mux: bool
    extensions: dict[str, int]
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """Hold what the relay needs of an offer or an answer."""

    ufrag: str
    fingerprints: tuple[Fingerprint, ...]
    media: tuple[Media, ...]


def read(text: str) -> Description:
    """Return the description of a peer that bundles all and can be the DTLS client, or raise BadSdpError."""
    if len(text.encode("utf-8", "replace")) > MAX_SDP_BYTES:
        raise BadSdpError("the session description is too large")
    try:
        parsed = sdp.SessionDescription.parse(text)
    except _PARSER_ERRORS as error:
        raise BadSdpError("the session description cannot be parsed") from error
    if not 0 < len(parsed.media) <= _MAX_MEDIA:
        raise BadSdpError("the session description has no or too many m-lines")
    bundle_only = [
        "a=bundle-only" in section.splitlines() for section in text.replace("\r", "").split("\nm=")[1:]
    ]
    media = tuple(_media(each, only) for each, only in zip(parsed.media, bundle_only, strict=True))
    if len({each.mid for each in media}) != len(media):
        raise BadSdpError("two m-lines have the same mid")
    live = [each for each, shown in zip(parsed.media, media, strict=True) if not shown.is_rejected]
    if not live:
        raise BadSdpError("every m-line is rejected")
    ufrag = _ufrag(live[0])
    if not ufrag or len(ufrag) > 256 or any((_ufrag(each) or ufrag) != ufrag for each in live):
        raise BadSdpError("the m-lines do not share one ICE user fragment")
    dtls = live[0].dtls
    if dtls is None or not dtls.fingerprints:
        raise BadSdpError("there is no fingerprint or no setup role")
    if dtls.role == "server":
        raise BadSdpError("the peer wants to be the DTLS server, which the relay always is")
    return Description(
        ufrag=ufrag,
        fingerprints=tuple(Fingerprint(each.algorithm, each.value) for each in dtls.fingerprints),
        media=media,
    )


def _ufrag(parsed: sdp.MediaDescription) -> str | None:
    return parsed.ice.usernameFragment if parsed.ice is not None else None


def _media(parsed: sdp.MediaDescription, bundle_only: bool) -> Media:
    kind: MediaKind | None = (
        "audio" if parsed.kind == "audio" else "video" if parsed.kind == "video" else None
    )
    mid = parsed.rtp.muxId
    for token in (mid, parsed.kind, parsed.profile):
        if not token or len(token) > _MAX_TOKEN or not token.isprintable() or " " in token:
            raise BadSdpError("an m-line has no mid, or an odd one")
    direction = parsed.direction or "sendrecv"
    return Media(
        mid=mid,
        section=parsed.kind,
        profile=parsed.profile,
        formats=" ".join(str(each) for each in parsed.fmt[:1]),
        kind=kind,
        is_rejected=parsed.port == 0 and not bundle_only,
        is_sending=direction in ("sendrecv", "sendonly"),
        is_receiving=direction in ("sendrecv", "recvonly"),
        payload=next((each.payloadType for each in parsed.rtp.codecs if _is_ours(each, kind)), None),
        has_rtcp_mux=parsed.rtcp_mux,
        extensions={each.uri: each.id for each in parsed.rtp.headerExtensions},
        ssrcs=tuple(each.ssrc for each in parsed.ssrc),
    )


def _is_ours(codec: RTCRtpCodecParameters, kind: MediaKind | None) -> bool:
    name = codec.mimeType.lower()
    if kind == "audio":
        return name == "audio/opus" and codec.clockRate == 48_000
    return kind == "video" and name == "video/vp8" and codec.clockRate == 90_000

"""Read a browser's session description: cut to size, parsed by aiortc, judged here."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiortc import sdp
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from realtime.relay.negotiation import sections
from realtime.relay.transport.dtls import Fingerprint
from realtime.wire.relay import MAX_SDP_BYTES, MediaKind

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_MAX_MEDIA = 128
_MAX_TOKEN = 64
_MAX_REPAIRS = 16
_PAYLOADS = range(128)
# Everything aiortc's parser has been seen to raise on text that is not a session description.
_PARSER_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, RuntimeError, StopIteration,
    TypeError, ValueError,
)  # fmt: skip


class BadSdpError(Exception):
    """The text is not a session description this relay can answer; the argument says why, quoting nothing."""


@dataclass(frozen=True, slots=True)
class Media:
    """Describe one m-line of the other side.

    `payload` is its number for our codec, None if it lacks it; `repair_payload` the one of its RTX. `rids`
    are the layers of its simulcast from small to large, `repairs` its announced pairs of SSRC and RTX SSRC.
    """

    mid: str
    section: str
    profile: str
    formats: str
    kind: MediaKind | None
    is_rejected: bool
    is_sending: bool
    is_receiving: bool
    payload: int | None
    repair_payload: int | None
    feedback: frozenset[str]
    has_rtcp_mux: bool
    has_rtcp_rsize: bool
    is_slides: bool
    extensions: dict[str, tuple[int, str]]
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]
    repairs: tuple[tuple[int, int], ...]

    def extension(self, uri: str) -> int:
        """Return the identifier of a header extension, 0 if it is not offered."""
        return self.extensions.get(uri, (0, ""))[0]


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
    cut = sections.cut(text)
    if cut is None:
        raise BadSdpError("an m-line has too many attributes of a kind")
    session, lines = cut
    if not 0 < len(lines) <= _MAX_MEDIA:
        raise BadSdpError("the session description has no or too many m-lines")
    kept = "\r\n".join([*session, *(line for section in lines for line in section), ""])
    try:
        parsed = sdp.SessionDescription.parse(kept)
        media = tuple(_media(each, section) for each, section in zip(parsed.media, lines, strict=True))
    except _PARSER_ERRORS as error:
        raise BadSdpError("the session description cannot be parsed") from error
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


def _media(parsed: sdp.MediaDescription, lines: Sequence[str]) -> Media:
    kind: MediaKind | None = (
        "audio" if parsed.kind == "audio" else "video" if parsed.kind == "video" else None
    )
    mid = parsed.rtp.muxId
    formats = " ".join(str(each) for each in parsed.fmt[:1])
    for token in (mid, parsed.kind, parsed.profile, formats):
        if not token or len(token) > _MAX_TOKEN or not token.isprintable() or " " in token:
            raise BadSdpError("an m-line has no mid, or an odd one")
    direction = parsed.direction or "sendrecv"
    codec = next((each for each in parsed.rtp.codecs if _is_ours(each, kind)), None)
    return Media(
        mid=mid,
        section=parsed.kind,
        profile=parsed.profile,
        formats=formats,
        kind=kind,
        is_rejected=parsed.port == 0 and "a=bundle-only" not in lines,
        is_sending=direction in ("sendrecv", "sendonly"),
        is_receiving=direction in ("sendrecv", "recvonly"),
        payload=codec.payloadType if codec is not None else None,
        repair_payload=_repair_payload(parsed, codec) if kind == "video" and codec is not None else None,
        feedback=_feedback(codec) if codec is not None else frozenset(),
        has_rtcp_mux=parsed.rtcp_mux,
        has_rtcp_rsize="a=rtcp-rsize" in lines,
        is_slides=any(line.strip() == "a=content:slides" for line in lines),
        extensions=sections.extensions(lines),
        rids=sections.rids(lines) if kind == "video" else (),
        ssrcs=tuple(each.ssrc for each in parsed.ssrc),
        repairs=tuple(
            (int(each.items[0]), int(each.items[1]))
            for each in parsed.ssrc_group[:_MAX_REPAIRS]
            if each.semantic == "FID" and len(each.items) == 2
        ),
    )


def _is_ours(codec: RTCRtpCodecParameters, kind: MediaKind | None) -> bool:
    name = codec.mimeType.lower()
    if codec.payloadType not in _PAYLOADS:
        return False
    if kind == "audio":
        return name == "audio/opus" and codec.clockRate == 48_000
    return kind == "video" and name == "video/vp8" and codec.clockRate == 90_000


def _repair_payload(parsed: sdp.MediaDescription, codec: RTCRtpCodecParameters) -> int | None:
    return next(
        (
            each.payloadType
            for each in parsed.rtp.codecs
            if each.mimeType.lower() == "video/rtx"
            and each.clockRate == codec.clockRate
            and each.parameters.get("apt") == codec.payloadType
            and each.payloadType in _PAYLOADS
            and each.payloadType != codec.payloadType
        ),
        None,
    )


def _feedback(codec: RTCRtpCodecParameters) -> frozenset[str]:
    return frozenset(f"{each.type} {each.parameter or ''}".strip() for each in codec.rtcpFeedback)

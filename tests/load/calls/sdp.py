"""Session descriptions of a load client: what it offers, what it answers, what it needs of the other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

Address = tuple[str, int]
AUDIO, VIDEO = "audio", "video"
OPUS_PAYLOAD, VP8_PAYLOAD = 111, 96
LEVEL_ID, MID_ID = 1, 4
_MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
_CODECS = {AUDIO: "opus/48000/2", VIDEO: "VP8/90000"}
_FEEDBACK = {AUDIO: (), VIDEO: ("nack", "nack pli", "ccm fir", "goog-remb")}


@dataclass(frozen=True, slots=True)
class Local:
    """What the client says of itself in every description."""

    ufrag: str
    password: str
    digest: str
    address: Address


@dataclass(frozen=True, slots=True)
class Line:
    """One m-line; `ssrc` is 0 where the client only receives, `payload` that of our codec."""

    kind: str
    mid: str
    payload: int
    ssrc: int = 0
    mid_id: int = MID_ID
    level_id: int = LEVEL_ID


@dataclass(frozen=True, slots=True)
class Remote:
    """What a client needs of the other side's description."""

    ufrag: str
    password: str
    fingerprint: tuple[str, str]
    setup: str
    is_lite: bool
    takes_remb: bool
    candidates: tuple[Address, ...]
    lines: tuple[Line, ...]


def publishing(ssrcs: Sequence[tuple[str, int]]) -> list[Line]:
    """Return the lines of an offer that sends one stream of each kind given."""
    payloads = {AUDIO: OPUS_PAYLOAD, VIDEO: VP8_PAYLOAD}
    return [Line(kind, str(mid), payloads[kind], ssrc) for mid, (kind, ssrc) in enumerate(ssrcs)]


def write(local: Local, lines: Sequence[Line], *, setup: str) -> str:
    """Write an offer (`actpass`) or an answer (`active`) with the one candidate that there is."""
    host, port = local.address
    text = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", "t=0 0"]
    text += ["a=group:BUNDLE " + " ".join(line.mid for line in lines), "a=msid-semantic: WMS *"]
    for line in lines:
        text += [f"m={line.kind} {port} UDP/TLS/RTP/SAVPF {line.payload}", f"c=IN IP4 {host}"]
        text += [f"a=mid:{line.mid}", "a=sendonly" if line.ssrc else "a=recvonly", "a=rtcp-mux"]
        text += [f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.password}"]
        text += [f"a=fingerprint:sha-256 {local.digest}", f"a=setup:{setup}"]
        text += [f"a=candidate:1 1 udp 2130706431 {host} {port} typ host", "a=end-of-candidates"]
        if line.mid_id:
            text.append(f"a=extmap:{line.mid_id} {_MID_URI}")
        if line.kind == AUDIO and line.level_id:
            text.append(f"a=extmap:{line.level_id} {_LEVEL_URI}")
        text.append(f"a=rtpmap:{line.payload} {_CODECS[line.kind]}")
        if line.kind == AUDIO:
            text.append(f"a=fmtp:{line.payload} minptime=10;useinbandfec=1")
        text += [f"a=rtcp-fb:{line.payload} {each}" for each in _FEEDBACK[line.kind]]
        if line.ssrc:
            text += [f"a=msid:load {line.kind}", f"a=ssrc:{line.ssrc} cname:load"]
    return "\r\n".join(text) + "\r\n"


def read(text: str) -> Remote:
    """Read an offer or an answer of a relay; ValueError says what is missing."""
    setup = _first(text, "setup")
    algorithm, digest = _first(text, "fingerprint").split()
    sections = re.split(r"^(?=m=)", text, flags=re.M)[1:]
    return Remote(
        ufrag=_first(text, "ice-ufrag"),
        password=_first(text, "ice-pwd"),
        fingerprint=(algorithm, digest),
        setup=setup,
        is_lite=re.search(r"^a=ice-lite", text, re.M) is not None,
        takes_remb=re.search(r"^a=rtcp-fb:\S+ goog-remb", text, re.M) is not None,
        candidates=_candidates(text),
        lines=tuple(_line(section) for section in sections if not re.match(r"m=\w+ 0 ", section)),
    )


def _line(section: str) -> Line:
    kind = section[2 : section.index(" ")]
    codec = _CODECS.get(kind)
    if codec is None:
        raise ValueError(f"a line is neither audio nor video but {kind}")
    payload = re.search(rf"^a=rtpmap:(\d+) {codec}", section, re.M | re.I)
    if payload is None:
        raise ValueError(f"an {kind} line offers no {codec}")
    extensions = {uri: int(number) for number, uri in re.findall(r"^a=extmap:(\d+)\S* (\S+)", section, re.M)}
    return Line(
        kind=kind,
        mid=_first(section, "mid"),
        payload=int(payload.group(1)),
        mid_id=extensions.get(_MID_URI, 0),
        level_id=extensions.get(_LEVEL_URI, 0),
    )


def _candidates(text: str) -> tuple[Address, ...]:
    """Return the UDP addresses (IPv4, first component), each once, in the order told."""
    found = re.findall(r"^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ", text, re.M | re.I)
    return tuple(dict.fromkeys((host, int(port)) for host, port in found))


def _first(text: str, name: str) -> str:
    found = re.search(rf"^a={name}:(.*)$", text, re.M)
    if found is None:
        raise ValueError(f"the description has no {name}")
    return found.group(1).strip()

"""Descriptions and messages that are almost right."""

import json
import random
import re
from typing import Any

_ATOMS: tuple[Any, ...] = (  # JSON of every kind
    None, True, False, 0, 1, -1, 2**31, 2**53, 2**64, 1.5, 1e308, "", "a", "room-m", "\x00", "é" * 70,
    "x" * 300, [], {}, [[]], {"a": {}}, "m", "camera", "microphone", ["m"] * 300, "../..", "null",
)  # fmt: skip
_NUMBERS = ("0", "1", "-1", "127", "128", "255", "65536", "4294967296", "99999999999999999999", "a", "")
_LINES = (
    "a=mid:0", "a=rid:q send", "a=rid:q recv", "a=simulcast:send q;f", "a=simulcast:send ~q,f;;",
    "a=inactive", "a=ssrc-group:FID 1 2", "a=ssrc-group:SIM 1", "a=ssrc:1 cname:x", "a=ssrc:", "a=extmap:1",
    "a=extmap:15 x", "a=extmap:0/sendonly urn:ietf:params:rtp-hdrext:sdes:mid", "a=rtpmap:96 VP8",
    "a=rtpmap:96 opus/48000/2",
    "a=fmtp:97 apt=96", "a=fmtp:97 apt=97", "a=fmtp:", "a=rtcp-fb:* nack", "a=rtcp-fb:96", "a=setup:active",
    "a=setup:passive", "a=fingerprint:sha-1 00", "a=fingerprint:sha-256 zz", "a=group:BUNDLE", "a=ice-ufrag:",
    "m=audio 9 UDP/TLS/RTP/SAVPF", "m=video 0 UDP/TLS/RTP/SAVPF 96", "m=application 9 UDP/DTLS/SCTP x",
    "m=", "c=IN IP6 ::", "a=candidate:1 1 udp 1 a.local 9 typ host", "a=rtcp-mux", "b=AS:0", "a=msid:- -",
)  # fmt: skip


def description(rng: random.Random, text: str) -> str:
    """Break a session description by lines, numbers, and characters."""
    lines = text.split("\r\n")
    for _ in range(rng.choice((0, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(lines))
        match rng.randrange(9):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 2:
                other = rng.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines.insert(at, rng.choice(_LINES))
            case 4:
                lines[at] = re.sub(
                    r"\d+", lambda _: rng.choice(_NUMBERS), lines[at], count=rng.choice((0, 1))
                )
            case 5:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case 6:
                lines[at:at] = lines[at : at + rng.randint(1, 40)]
            case 7:
                place = rng.randrange(len(lines[at]) + 1)
                odd = chr(rng.choice((0, 10, 13, 32, 58, 127, 0xD7FF, 0x1F600)))
                lines[at] = lines[at][:place] + odd + lines[at][place:]
            case _:
                lines = lines[: rng.randrange(len(lines)) + 1]
        lines = lines or [""]
    return "\r\n".join(lines) or "v=0"


def message(rng: random.Random, template: dict[str, Any]) -> str:  # JSON
    """Break a message by fields, then sometimes by characters."""
    made: dict[str, Any] = dict(template)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        name = rng.choice([*made, "id", "extra"])
        match rng.randrange(4):
            case 0:
                made.pop(name, None)
            case 1 | 2:
                made[name] = rng.choice(_ATOMS)
            case _:
                made[rng.choice(("x", "", "op", "type", "id", name + "s"))] = rng.choice(_ATOMS)
    text = json.dumps(made)
    if rng.random() < 0.15:
        at = rng.randrange(len(text) + 1)
        text = rng.choice(
            (text[:at], text[:at] + rng.choice(('"', "\\u0000", "[" * 2000, "}")) + text[at:], text * 2)
        )
    return text

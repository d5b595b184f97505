"""Cut a session description into its m-sections, and read what aiortc's parser passes over. Hostile text.

Only lines that the relay has a use for are kept, so many of each and no more: aiortc compares some of them
with all others.
"""

import re
from collections.abc import Sequence

# Two layers of a camera is what the relay forwards: a quarter for the gallery, and the full picture.
MAX_RIDS = 2
_MAX_RIDS_READ = 8
# What browsers write at most, in one m-section: about 30 payload types with 5 kinds of feedback each.
_KEPT = {
    "bundle-only": 1, "content": 1, "extmap": 64, "fingerprint": 8, "fmtp": 128, "ice-pwd": 1, "ice-ufrag": 1,
    "inactive": 1, "mid": 1, "recvonly": 1, "rid": 16, "rtcp-fb": 384, "rtcp-mux": 1, "rtcp-rsize": 1,
    "rtpmap": 128, "sendonly": 1, "sendrecv": 1, "setup": 1, "simulcast": 1, "ssrc": 256, "ssrc-group": 64,
}  # fmt: skip
_RID = re.compile(r"a=rid:([A-Za-z0-9_-]{1,16}) send(?: .*)?")
_SEND_STREAMS = re.compile(r"a=simulcast: ?(?:recv \S+ )?send (\S+)(?: recv \S+)?")


def cut(text: str) -> tuple[list[str], list[list[str]]] | None:
    """Return the lines of the session and of each m-section; None when any kind of line is too frequent."""
    session: list[str] = []
    sections: list[list[str]] = []
    current, counts = session, dict.fromkeys(_KEPT, 0)
    for line in text.splitlines():
        if line.startswith("m="):
            current, counts = [line], dict.fromkeys(_KEPT, 0)
            sections.append(current)
        elif line.startswith("a="):
            name = line[2:].partition(":")[0]
            if name in counts:
                counts[name] += 1
                if counts[name] > _KEPT[name]:
                    return None
                current.append(line)
        elif not sections and line.startswith(("v=", "o=", "s=", "t=")):
            current.append(line)
    return session, sections


def rids(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the simulcast streams that an m-section sends (RFC 8853), at most two: the first and the last.

    Our pages offer them from small to large. Of alternatives the first counts, a paused one counts too.
    """
    declared = {found[1] for line in lines if (found := _RID.fullmatch(line))}
    streams = next((found[1] for line in lines if (found := _SEND_STREAMS.fullmatch(line))), "")
    offered = [stream.split(",")[0].lstrip("~") for stream in streams.split(";")[:_MAX_RIDS_READ]]
    taken = [rid for index, rid in enumerate(offered) if rid in declared and rid not in offered[:index]]
    return tuple(taken if len(taken) <= MAX_RIDS else (taken[0], taken[-1]))


def extensions(lines: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return identifier and direction of each header extension; odd ones are left out."""
    found: dict[str, tuple[int, str]] = {}
    for line in lines:
        if line.startswith("a=extmap:"):
            identifier, _, rest = line[9:].partition(" ")
            number, _, direction = identifier.partition("/")
            uri = rest.partition(" ")[0]
            if number.isascii() and number.isdecimal() and len(number) <= 3 and 0 < int(number) < 256:
                found.setdefault(uri, (int(number), direction))
    return found

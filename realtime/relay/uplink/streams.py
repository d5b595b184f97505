"""Which encoding of which source an SSRC feeds (RFC 9143, RFC 8852): MID, RID, announcement, payload type.

An SSRC is latched by the first authenticated packet that names its stream, and stays as long as its m-line:
browsers leave the names out once a report has told them that the stream is known.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from realtime.relay.negotiation.sdp_read import (
    AUDIO_LEVEL_URI,
    MID_URI,
    REPAIRED_RID_URI,
    RID_URI,
    Description,
    Media,
)
from realtime.relay.negotiation.sdp_write import is_usable
from realtime.relay.packets import rtp
from realtime.wire.relay import Source

# A microphone, two layers of a camera, a screen, and their repairs, are seven; some may be made anew.
MAX_STREAMS = 32


@dataclass(frozen=True, slots=True)
class Line:
    """What of an accepted m-line the demultiplexing needs."""

    source: Source
    media: Media
    rids: tuple[str, ...]
    mid_id: int
    rid_id: int
    repaired_id: int
    level_id: int


@dataclass(frozen=True, slots=True)
class Stream:
    """Whose packets an SSRC carries, and their payload type."""

    source: Source
    mid: str
    rank: int
    payload: int
    level_id: int
    is_repair: bool


def take_lines(offer: Description) -> dict[Source, Line]:
    """Return the m-line of each source that the offer sends.

    The first audio m-line is the microphone; of the video m-lines the one with `a=content:slides`, or else
    the second, is the screen, and the first other one the camera. Lines that send nothing are counted, so
    that a screen is known as one when the camera is off; rejected ones are not.
    """
    usable = [media for media in offer.media if is_usable(media)]
    voices = [media for media in usable if media.kind == "audio"]
    pictures = [media for media in usable if media.kind == "video"]
    slides = next((media for media in pictures if media.is_slides), None)
    cameras = [media for media in pictures if media is not slides]
    found: dict[Source, Media] = {}
    if voices:
        # A browser that turned its first microphone off for good sends with another.
        found["microphone"] = next((media for media in voices if media.is_sending), voices[0])
    if cameras:
        found["camera"] = cameras[0]
    if slides is not None:
        found["screen"] = slides
    elif len(cameras) > 1:
        found["screen"] = cameras[1]
    return {source: _line(source, media) for source, media in found.items() if media.is_sending}


def _line(source: Source, media: Media) -> Line:
    return Line(
        source=source,
        media=media,
        rids=media.rids if source == "camera" and media.extension(RID_URI) else (),
        mid_id=media.extension(MID_URI),
        rid_id=media.extension(RID_URI),
        repaired_id=media.extension(REPAIRED_RID_URI),
        level_id=media.extension(AUDIO_LEVEL_URI),
    )


class StreamTable:
    """Hold what each SSRC of one peer connection feeds."""

    def __init__(self, is_missing: Callable[[Source, int, int], bool]) -> None:
        self.lines: dict[Source, Line] = {}
        self.known: dict[int, Stream] = {}
        self._is_missing = is_missing

    def take(self, lines: dict[Source, Line]) -> None:
        """Follow a newer offer: streams stay latched as long as their m-line means the same."""
        kept = {
            line.media.mid
            for source, line in lines.items()
            if (before := self.lines.get(source)) is not None
            and (before.media.mid, before.rids, before.media.payload, before.media.repair_payload)
            == (line.media.mid, line.rids, line.media.payload, line.media.repair_payload)
        }
        self.lines = lines
        self.known = {ssrc: stream for ssrc, stream in self.known.items() if stream.mid in kept}

    def latch(self, data: bytes, header: rtp.Header) -> Stream | None:
        """Find out what an SSRC feeds by its first authentic packet, and remember it; None: do not know."""
        payload, ssrc = data[1] & 0x7F, header[2]
        mids = {line.mid_id for line in self.lines.values()} - {0}
        mid = next((value for each in mids if (value := _text(data, header, each))), "")
        lines: Iterable[Line] = self.lines.values()
        if mid:
            lines = [line for line in lines if line.media.mid == mid]
        else:
            announced = [line for line in lines if ssrc in line.media.ssrcs]
            lines = announced or list(lines)
        found: list[Stream] = []
        for line in lines:
            if payload == line.media.payload:
                rank = self._rank(line, _text(data, header, line.rid_id), ssrc)
            elif payload == line.media.repair_payload:
                rank = self._repaired_rank(line, data, header)
            else:
                continue
            if rank is not None:
                is_repair = payload != line.media.payload
                found.append(Stream(line.source, line.media.mid, rank, payload, line.level_id, is_repair))
        # Several m-lines that share a payload type: without a name it could be any of them.
        if len(found) != 1 or len(self.known) >= MAX_STREAMS:
            return None
        self.known[ssrc] = found[0]
        return found[0]

    def _rank(self, line: Line, rid: str, ssrc: int) -> int | None:
        if len(line.rids) <= 1:
            return 0
        if rid:
            return line.rids.index(rid) if rid in line.rids else None
        # Firefox announces an SSRC for each layer, in their order.
        repairs = {repair for _, repair in line.media.repairs}
        announced = [each for each in line.media.ssrcs if each not in repairs]
        if ssrc in announced and len(announced) == len(line.rids):
            return announced.index(ssrc)
        return None

    def _repaired_rank(self, line: Line, data: bytes, header: rtp.Header) -> int | None:
        if len(line.rids) <= 1:
            return 0
        repaired = _text(data, header, line.repaired_id)
        if repaired:
            return line.rids.index(repaired) if repaired in line.rids else None
        for primary, repair in line.media.repairs:
            if repair == header[2]:
                known = self.known.get(primary)
                return known.rank if known is not None else self._rank(line, "", primary)
        original = rtp.unwrap_repair(data, header, header[2])
        if original is None:
            return None
        ranks = [rank for rank in range(len(line.rids)) if self._is_missing(line.source, rank, original[0])]
        return ranks[0] if len(ranks) == 1 else None


def _text(data: bytes, header: rtp.Header, identifier: int) -> str:
    if not identifier:
        return ""
    return rtp.find_extension(data, header[3], header[4], identifier).decode("ascii", "replace")

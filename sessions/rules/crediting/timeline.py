"""Every second of the window, with what became of it (step 10 of the credit)."""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from sessions.rules.crediting.held import Held
from sessions.rules.crediting.qualify import Qualified
from sessions.rules.time.instants import Instant
from sessions.rules.time.intervals import Intervals


class PieceKind(StrEnum):
    """What a stretch of a session was for one patient."""

    BREAK = "break"
    OVERLAP = "overlap"
    ABSENT = "absent"
    NO_FACILITATOR = "no_facilitator"
    EXCLUDED_MODALITY = "excluded_modality"
    BRIDGED = "bridged"
    CREDITED = "credited"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch `[start, end)` of one kind."""

    start: Instant
    end: Instant
    kind: PieceKind


def timeline(held: Held, one: Qualified) -> tuple[Piece, ...]:
    """Cut the window into pieces whose neighbours differ in kind."""
    if not held.window:
        return ()
    # The first layer that holds a second names it.
    layers = (
        (held.window & held.breaks, PieceKind.BREAK),
        (one.lost, PieceKind.OVERLAP),
        (held.window - one.present_bridged, PieceKind.ABSENT),
        (held.window - held.led_bridged, PieceKind.NO_FACILITATOR),
        (held.window & one.excluded, PieceKind.EXCLUDED_MODALITY),
        (held.window & one.bridged_gaps, PieceKind.BRIDGED),
        (held.window, PieceKind.CREDITED),
    )
    edges = sorted({edge for layer, _ in layers for pair in layer for edge in pair})
    pieces: list[Piece] = []
    for start, end in pairwise(edges):
        kind = next(kind for layer, kind in layers if _holds(layer, start))
        if pieces and pieces[-1].kind is kind:
            pieces[-1] = Piece(pieces[-1].start, end, kind)
        else:
            pieces.append(Piece(start, end, kind))
    return tuple(pieces)


def _holds(layer: Intervals, instant: Instant) -> bool:
    index = bisect_right(layer.pairs, instant, key=lambda pair: pair[0]) - 1
    return index >= 0 and instant < layer.pairs[index][1]

"""Who is among the few? Pure: choose by importance, and change as little as possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from realtime.relay.clock import SECOND

# Nobody is replaced before others have had the time to look at them.
STAYS_NS = 4 * SECOND
# Whoever spoke last is still in the conversation: pauses for thought are as long as this.
SPOKE_RECENTLY_NS = 10 * SECOND


class Importance(IntEnum):
    """Say why somebody is looked at; more is more."""

    HIDDEN = 0
    VISIBLE = 1
    SPEAKING = 2
    PINNED = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """Name somebody who could be in; `spoke_ns` is when they were heard last."""

    participant: str
    importance: Importance
    spoke_ns: int | None = None


def choose(
    before: Mapping[str, int], candidates: Sequence[Candidate], *, size: int, now_ns: int
) -> dict[str, int]:
    """Return who is in and since when; `before` is the last answer, the order of candidates breaks ties.

    Who is in stays, unless there is no room any more or somebody more important has none. Then the least
    important goes, among equals who has been silent longest. Being replaced takes at least `STAYS_NS`; only a
    pin, which is somebody's own hand, has effect at once.
    """
    places = {each.participant: place for place, each in enumerate(candidates)}
    by_name = {each.participant: each for each in candidates}

    def weight(name: str) -> tuple[int, int, int]:
        candidate = by_name[name]
        spoke = -1 if candidate.spoke_ns is None else candidate.spoke_ns
        return candidate.importance, spoke, -places[name]

    chosen = {name: since for name, since in before.items() if name in by_name}
    while len(chosen) > size:
        del chosen[min(chosen, key=weight)]
    # Nobody who is in gives way to an equal: where there is no room, only the more important need to ask.
    least = min((by_name[name].importance for name in chosen), default=Importance.HIDDEN)
    has_room = len(chosen) < size
    waiting = sorted(
        (name for name in by_name if name not in chosen and (has_room or by_name[name].importance > least)),
        key=weight,
        reverse=True,
    )
    for name in waiting:
        if len(chosen) < size:
            chosen[name] = now_ns
            continue
        importance = by_name[name].importance
        replaceable = [
            other
            for other, since in chosen.items()
            if by_name[other].importance < importance
            and (now_ns - since >= STAYS_NS or importance is Importance.PINNED)
        ]
        if not replaceable:
            continue
        del chosen[min(replaceable, key=weight)]
        chosen[name] = now_ns
    return chosen

"""Which picture goes into which slot: what a network carries, shared out by importance. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from realtime.relay.clock import SECOND
from realtime.relay.downlink.stage import Candidate, Importance, choose
from realtime.relay.downlink.views import Key, Tile, importance

LAST_N = 9
# What has fallen stays down for this long: a picture that comes and goes is worse than one that waits.
RISES_AFTER_NS = 5 * SECOND
# A larger picture costs a key frame and several times the rate. Enlarged one and a half times in length the
# quarter (160 x 90) still looks right on a small tile; a full one is kept until the tile is hardly larger
# than the quarter.
QUARTER = Tile(160, 90)
_ENLARGED_TO_RISE, _ENLARGED_TO_STAY = 1.5, 1.25
# Measured rates swing by some percent, which must not let a picture in and throw it out again.
_HEADROOM_PERCENT = 90


@dataclass(frozen=True, slots=True)
class Layer:
    """Give what one encoding of a picture costs, in bit/s."""

    rank: int
    bitrate: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Say what one slot holds, how it is seen and which layers flow now, small to large."""

    key: Key
    tile: Tile
    layers: tuple[Layer, ...]
    spoke_ns: int | None = None

    @property
    def is_screen(self) -> bool:
        """Say whether it is what somebody shows, not somebody."""
        return self.key[1] == "screen"

    def deserves_more(self, *, has_more: bool) -> bool:
        """Say whether the tile is larger than a quarter can fill, with some play around the limit."""
        factor = _ENLARGED_TO_STAY if has_more else _ENLARGED_TO_RISE
        return self.tile.width > QUARTER.width * factor or self.tile.height > QUARTER.height * factor


@dataclass(frozen=True, slots=True)
class Choice:
    """Name the encoding for a slot by its rank; None pauses it. `fell_ns` is when it last lost something."""

    rank: int | None
    fell_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """Hold a decision; the next one is made from it.

    `choices` names every picture that is looked at, others get nothing. `cost` is that of voices and
    pictures; `has_risen` says that some picture gets more than before.
    """

    choices: Mapping[Key, Choice] = field(default_factory=dict)
    stage: Mapping[str, int] = field(default_factory=dict)
    cost: int = 0
    carried: int = 0
    lacking: int = 0
    has_risen: bool = False

    def rank(self, key: Key) -> int | None:
        """Return the encoding chosen for a picture."""
        choice = self.choices.get(key)
        return None if choice is None else choice.rank

    @property
    def is_silenced(self) -> bool:
        """Say whether pictures are there and none of them fits."""
        return self.lacking > 0 and self.carried == 0


class _Purse:
    """Spend the budget: what was there before may use all of it, what is new only what has held."""

    def __init__(self, *, audio: int, budget: int, held: int, may_try: bool) -> None:
        self.spent = audio
        self._budget = budget
        self._held = min(held, budget) * _HEADROOM_PERCENT // 100
        self._may_try = may_try

    def takes(self, cost: int, *, is_new: bool) -> bool:
        if self.spent + cost > (self._held if is_new else self._budget):
            if not (is_new and self._may_try):
                return False
            self._may_try = False
            # The try must not cost the others what they have.
            self._budget = max(self._budget, self.spent) + cost
        self.spent += cost
        return True


def allocate(
    wishes: Sequence[Wish],
    *,
    audio: int,
    budget: int,
    held: int,
    may_try: bool,
    before: Allocation,
    now_ns: int,
    last_n: int = LAST_N,
) -> Allocation:
    """Choose an encoding for every picture that is looked at.

    `budget` is what the network carries, `held` what it has carried for some time. Voices are paid first.
    Then screens and cameras in order of importance each get their smallest encoding, and in the same order a
    larger one where the tile is large enough. Falling is immediate; rising needs what has held, or the one
    try beyond it that `may_try` allows, and time since the last fall.
    """
    seen = [wish for wish in wishes if wish.tile.is_seen]
    stage = choose(
        before.stage,
        [_candidate(wish, now_ns) for wish in seen if not wish.is_screen and wish.layers],
        size=last_n,
        now_ns=now_ns,
    )
    settled = _settled(seen, stage, audio=audio, budget=budget, before=before)
    if settled is not None:
        return settled
    order = sorted(
        (wish for wish in seen if wish.layers and (wish.is_screen or wish.key[0] in stage)),
        key=lambda wish: _weight(wish, before, now_ns),
        reverse=True,
    )
    purse = _Purse(audio=audio, budget=budget, held=held, may_try=may_try)
    ranks: dict[Key, int | None] = {}
    for wish in order:
        smallest = wish.layers[0]
        fits = _may_have(wish, smallest, smallest.bitrate, purse, before, now_ns)
        ranks[wish.key] = smallest.rank if fits else None
    lacking = unseen = sum(rank is None for rank in ranks.values())
    carried = len(ranks) - lacking
    for wish in order:
        smallest, *larger = wish.layers
        had = before.rank(wish.key)
        had_more = had is not None and had > smallest.rank
        if not larger or ranks[wish.key] is None or not wish.deserves_more(has_more=had_more):
            continue
        extra = max(larger[-1].bitrate - smallest.bitrate, 0)
        # As long as somebody cannot be seen at all nobody else grows.
        if (had_more or not unseen) and _may_have(wish, larger[-1], extra, purse, before, now_ns):
            ranks[wish.key] = larger[-1].rank
        else:
            lacking += 1
    for wish in seen:
        # A camera that is switched off costs nothing; when it comes on, its first packet may pass.
        if not wish.layers:
            ranks[wish.key] = 0 if carried or not lacking else None
    choices = {wish.key: _chosen(wish, ranks.get(wish.key), before, now_ns) for wish in seen}
    return Allocation(
        choices=choices,
        stage=stage,
        cost=purse.spent,
        carried=carried,
        lacking=lacking,
        has_risen=any(_level(ranks[wish.key]) > _level(before.rank(wish.key)) for wish in order),
    )


def _settled(
    seen: Sequence[Wish], stage: Mapping[str, int], *, audio: int, budget: int, before: Allocation
) -> Allocation | None:
    """Return what was there before, if everybody has all that they wish for and it can still be paid.

    So it is nearly always. In what order nobody is refused does not matter; None says that it may.
    """
    choices = before.choices
    if before.lacking or len(seen) != len(choices):
        return None
    cost = audio
    carried = 0
    for wish in seen:
        choice = choices.get(wish.key)
        if choice is None:
            return None
        rank = choice.rank
        layers = wish.layers
        if not layers:
            wanted: int | None = 0
        elif not wish.is_screen and wish.key[0] not in stage:
            wanted = None
        else:
            smallest, largest = layers[0], layers[-1]
            wanted = smallest.rank
            cost += smallest.bitrate
            carried += 1
            if largest is not smallest and wish.deserves_more(
                has_more=rank is not None and rank > smallest.rank
            ):
                wanted = largest.rank
                cost += max(largest.bitrate - smallest.bitrate, 0)
        if rank != wanted:
            return None
    if cost > budget:
        return None
    return Allocation(choices=choices, stage=stage, cost=cost, carried=carried)


def _candidate(wish: Wish, now_ns: int) -> Candidate:
    return Candidate(wish.key[0], importance(wish.tile, wish.spoke_ns, now_ns), wish.spoke_ns)


def _weight(wish: Wish, before: Allocation, now_ns: int) -> tuple[bool, Importance, int, int]:
    """Order by importance; among equals who has most is first, so that nobody falls for nothing."""
    return (
        wish.is_screen,
        importance(wish.tile, wish.spoke_ns, now_ns),
        _level(before.rank(wish.key)),
        wish.tile.area,
    )


def _level(rank: int | None) -> int:
    return -1 if rank is None else rank


def _may_have(wish: Wish, layer: Layer, cost: int, purse: _Purse, before: Allocation, now_ns: int) -> bool:
    was = before.choices.get(wish.key)
    had = was is not None and was.rank is not None and was.rank >= layer.rank
    if not had and was is not None and was.fell_ns is not None and now_ns - was.fell_ns < RISES_AFTER_NS:
        return False
    return purse.takes(cost, is_new=not had)


def _chosen(wish: Wish, rank: int | None, before: Allocation, now_ns: int) -> Choice:
    was = before.choices.get(wish.key)
    if was is None:
        return Choice(rank)
    # Who makes a tile small wants less; that is no fall, and a click makes it large again at once.
    has_fallen = was.rank is not None and (
        rank is None or (rank < was.rank and wish.deserves_more(has_more=True))
    )
    return Choice(rank, now_ns if has_fallen else was.fell_ns)

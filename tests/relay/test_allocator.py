"""How one subscriber's bandwidth is shared out among pictures."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.relay.clock import SECOND
from realtime.relay.downlink.allocator import RISES_AFTER_NS, Allocation, Layer, Wish, allocate
from realtime.relay.downlink.views import Key, Tile

SMALL, FULL, VOICES = 120_000, 600_000, 80_000
LARGE_TILE, SMALL_TILE, UNSEEN = Tile(640, 360), Tile(200, 112), Tile(0, 0)
PLENTY = 20_000_000


def camera(name: str, tile: Tile = LARGE_TILE, spoke_ns: int | None = None, *, is_on: bool = True) -> Wish:
    layers = (Layer(0, SMALL), Layer(1, FULL)) if is_on else ()
    return Wish((name, "camera"), tile, layers, spoke_ns)


def screen(name: str = "shown") -> Wish:
    return Wish((name, "screen"), Tile(1280, 720), (Layer(0, 500_000),))


def decide(
    wishes: list[Wish],
    budget: int,
    *,
    before: Allocation | None = None,
    at: float = 0,
    held: int | None = None,
    may_try: bool = False,
) -> Allocation:
    return allocate(
        wishes,
        audio=VOICES,
        budget=budget,
        held=budget if held is None else held,
        may_try=may_try,
        before=before or Allocation(),
        now_ns=round(at * SECOND),
    )


def ranks(allocation: Allocation) -> dict[str, int | None]:
    return {key[0]: choice.rank for key, choice in allocation.choices.items()}


def test_with_plenty_large_tiles_get_the_full_picture_and_small_ones_the_quarter() -> None:
    allocation = decide([camera("a"), camera("b", SMALL_TILE), screen(), camera("c", UNSEEN)], PLENTY)
    assert ranks(allocation) == {"a": 1, "b": 0, "shown": 0}
    assert (allocation.lacking, allocation.carried) == (0, 3)


def test_everybody_is_seen_small_before_anybody_is_seen_large() -> None:
    budget = (VOICES + 3 * SMALL) * 10 // 9 + 1
    assert ranks(decide([camera("a"), camera("b"), camera("c")], budget)) == {"a": 0, "b": 0, "c": 0}
    more = (VOICES + 2 * SMALL + FULL) * 10 // 9 + 1
    people = [camera("a"), camera("b"), camera("c", spoke_ns=0)]
    assert ranks(decide(people, more)) == {"a": 0, "b": 0, "c": 1}


def test_what_falls_is_the_least_important_first_and_the_screen_last_of_all() -> None:
    pinned = camera("pinned", replace(LARGE_TILE, is_pinned=True))
    people = [camera("silent"), camera("speaking", spoke_ns=0), pinned, screen()]
    before = decide(people, PLENTY)
    seen = []
    for budget in (1_500_000, 1_000_000, 830_000, 700_000, 500_000):
        seen.append(ranks(decide(people, budget, before=before)))
    assert seen == [
        {"silent": 0, "speaking": 0, "pinned": 1, "shown": 0},
        {"silent": 0, "speaking": 0, "pinned": 0, "shown": 0},
        {"silent": None, "speaking": 0, "pinned": 0, "shown": 0},
        {"silent": None, "speaking": None, "pinned": 0, "shown": 0},
        # What shows something and cannot any more leaves its room to faces.
        {"silent": 0, "speaking": 0, "pinned": 0, "shown": None},
    ]


def test_below_the_smallest_picture_there_is_sound_only() -> None:
    before = decide([camera("a"), camera("b")], PLENTY)
    allocation = decide([camera("a"), camera("b")], VOICES + SMALL - 1, before=before)
    assert allocation.is_silenced
    assert allocation.cost == VOICES
    assert not decide([camera("a", UNSEEN)], VOICES).is_silenced


def test_a_fall_is_at_once_and_a_rise_waits_for_its_time_and_for_what_has_held() -> None:
    high = decide([camera("a")], PLENTY)
    low = decide([camera("a")], 300_000, before=high, at=10)
    assert ranks(low) == {"a": 0}
    waiting = RISES_AFTER_NS / SECOND
    assert ranks(decide([camera("a")], PLENTY, before=low, at=10 + waiting - 0.1)) == {"a": 0}
    assert ranks(decide([camera("a")], PLENTY, before=low, at=10 + waiting, held=300_000)) == {"a": 0}
    assert ranks(decide([camera("a")], PLENTY, before=low, at=10 + waiting)) == {"a": 1}


def test_a_try_goes_one_step_beyond_the_budget_and_costs_the_others_nothing() -> None:
    people = [camera("a"), camera("b"), camera("c")]
    before = decide(people, VOICES + SMALL, held=(VOICES + SMALL) * 10 // 9 + 1)
    before = decide(people, VOICES + SMALL, before=before, held=0, may_try=True)
    assert ranks(before) == {"a": 0, "b": None, "c": None}
    assert before.has_risen
    after = decide(people, before.cost, before=before, may_try=True)
    assert sorted(ranks(after).values(), key=str) == [0, 0, None]
    assert not decide(people, after.cost, before=after).has_risen


def test_rates_that_swing_a_little_change_nothing() -> None:
    budget = (VOICES + SMALL + FULL) * 10 // 9 + 1
    before = decide([camera("a"), camera("b")], budget)
    assert ranks(before) == {"a": 1, "b": 0}
    swung = (Layer(0, 130_000), Layer(1, 650_000))
    more = [replace(each, layers=swung) for each in (camera("a"), camera("b"))]
    assert ranks(decide(more, budget, before=before)) == ranks(before)


def test_a_tile_around_the_limit_does_not_make_the_picture_jump() -> None:
    before = decide([camera("a", Tile(220, 124))], PLENTY)
    assert ranks(before) == {"a": 0}
    grown = decide([camera("a", Tile(250, 140))], PLENTY, before=before)
    assert ranks(grown) == {"a": 1}
    assert ranks(decide([camera("a", Tile(220, 124))], PLENTY, before=grown)) == {"a": 1}
    assert ranks(decide([camera("a", Tile(180, 100))], PLENTY, before=grown)) == {"a": 0}


def test_the_last_n_cameras_are_those_that_are_on_and_who_speaks_is_among_them() -> None:
    people = [camera(f"p{number:02}", SMALL_TILE) for number in range(12)]
    first = decide(people, PLENTY)
    assert sum(rank is not None for rank in ranks(first).values()) == 9
    assert ranks(first)["p11"] is None
    people[11] = camera("p11", SMALL_TILE, spoke_ns=20 * SECOND)
    later = decide(people, PLENTY, before=first, at=20)
    assert ranks(later)["p11"] == 0
    assert sum(rank is not None for rank in ranks(later).values()) == 9
    off = [camera("off", is_on=False), *people]
    with_one_off = ranks(decide(off, PLENTY, before=later, at=21))
    assert with_one_off.pop("off") == 0
    assert with_one_off == ranks(later)


def test_a_camera_that_is_off_is_ready_to_be_seen_unless_nothing_fits() -> None:
    assert ranks(decide([camera("a", is_on=False)], VOICES)) == {"a": 0}
    starved = decide([camera("a", is_on=False), camera("b")], VOICES)
    assert ranks(starved) == {"a": None, "b": None}


def test_without_a_full_layer_the_quarter_does_and_nothing_is_missing() -> None:
    only_small = Wish(("a", "camera"), LARGE_TILE, (Layer(0, SMALL),))
    allocation = decide([only_small], PLENTY)
    assert (ranks(allocation), allocation.lacking) == ({"a": 0}, 0)


budgets = st.integers(0, 4_000_000)
tiles = st.sampled_from([LARGE_TILE, SMALL_TILE, UNSEEN, replace(LARGE_TILE, is_pinned=True)])
wish = st.builds(
    Wish,
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["camera", "camera", "screen"])),
    tiles,
    st.tuples(
        st.lists(st.builds(Layer, st.just(0), st.integers(20_000, 300_000)), max_size=1),
        st.lists(st.builds(Layer, st.just(1), st.integers(300_000, 1_500_000)), max_size=1),
    ).map(lambda layers: tuple(layers[0] + layers[1])),
    st.one_of(st.none(), st.integers(0, 60).map(lambda second: second * SECOND)),
)
moment = st.tuples(
    st.lists(wish, unique_by=lambda each: each.key, max_size=7), budgets, budgets, st.booleans()
)


@settings(max_examples=50, deadline=None)
@given(st.lists(moment, max_size=10), st.integers(1, 30))
def test_never_over_budget_never_without_reason_and_never_up_soon_after_down(
    moments: list[tuple[list[Wish], int, int, bool]], tenths: int
) -> None:
    before = Allocation()
    fell: dict[Key, int] = {}
    now_ns = 0
    for wishes, budget, held, may_try in moments:
        now_ns += tenths * SECOND // 10
        after = allocate(
            wishes, audio=VOICES, budget=budget, held=held, may_try=may_try, before=before, now_ns=now_ns
        )
        tiles_of = {each.key: each.tile for each in wishes}
        costs = {each.key: {layer.rank: layer.bitrate for layer in each.layers} for each in wishes}
        carried = {
            key: choice.rank
            for key, choice in after.choices.items()
            if choice.rank is not None and choice.rank in costs[key]
        }
        assert after.cost == VOICES + sum(costs[key][rank] for key, rank in carried.items())
        assert after.carried == len(carried)
        if not may_try:
            assert after.cost <= max(budget, VOICES)
        rises = [key for key, rank in carried.items() if rank > _level(before.rank(key))]
        if rises and not may_try:
            assert min(budget, held) * 9 // 10 >= VOICES
        for each in wishes:
            rank = after.rank(each.key)
            assert each.tile.is_seen or rank is None
            assert rank is None or rank in costs[each.key] or not each.layers
        for key, choice in after.choices.items():
            was = before.choices.get(key)
            if was is None:
                fell.pop(key, None)
            elif _level(choice.rank) < _level(was.rank):
                if choice.rank is None or tiles_of[key].width > 200:
                    fell[key] = now_ns
            elif _level(choice.rank) > _level(was.rank) and costs[key]:
                assert now_ns - fell.get(key, -RISES_AFTER_NS) >= RISES_AFTER_NS
        again = allocate(
            wishes, audio=VOICES, budget=budget, held=held, may_try=False, before=after, now_ns=now_ns
        )
        if not may_try:
            assert all(_level(again.rank(key)) >= _level(after.rank(key)) for key in after.choices)
        before = after


def _level(rank: int | None) -> int:
    return -1 if rank is None else rank

"""Which sessions make up best for what a week lacks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

MAKEUP_WINDOW_DAYS = 7
"""A make-up begins at most so many days after the missed session (`makeup_window_days`)."""
MOST_MAKE_UPS = 4
"""Longer ways to cover a deficit are not looked for: nobody makes up more than four sessions in a week."""
WINDOW = timedelta(days=MAKEUP_WINDOW_DAYS)


@dataclass(frozen=True, slots=True)
class MakeUpOption:
    """A session somebody could be added to: its span in seconds, and the minutes it would count."""

    id: str
    start: int
    end: int
    minutes: int


def best_make_ups(options: Iterable[MakeUpOption], deficit_min: int) -> tuple[MakeUpOption, ...]:
    """Give the fewest sessions that together cover a deficit, and among those the soonest; none if none do.

    The sessions do not overlap. Of sessions at the same time the longest counts, then the smallest id.
    """
    ranked = _distinct(options)
    for size in range(1, MOST_MAKE_UPS + 1):
        found = _search(ranked, size, deficit_min, 0, -1)
        if found is not None:
            return found
    return ()


def _distinct(options: Iterable[MakeUpOption]) -> list[MakeUpOption]:
    by_time: dict[tuple[int, int], MakeUpOption] = {}
    for option in sorted(options, key=lambda one: (one.start, one.end, -one.minutes, one.id)):
        by_time.setdefault((option.start, option.end), option)
    return list(by_time.values())


def _search(
    options: Sequence[MakeUpOption], size: int, needed: int, begin: int, free_from: int
) -> tuple[MakeUpOption, ...] | None:
    """Find the first way in order of time to cover `needed` with exactly `size` sessions."""
    if size == 0:
        return () if needed <= 0 else None
    rest = options[begin:]
    # Even the longest that are left would not do.
    if sum(sorted((one.minutes for one in rest), reverse=True)[:size]) < needed:
        return None
    for index, option in enumerate(rest, begin):
        if option.start < free_from:
            continue
        further = _search(options, size - 1, needed - option.minutes, index + 1, option.end)
        if further is not None:
            return (option, *further)
    return None

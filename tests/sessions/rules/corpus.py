"""Documents drawn once for all properties, where the examples are the same at every run anyway.

Drawing a document takes ten times as long as judging it. Where new examples are looked for, each property
draws its own, which then shrink.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sessions.rules.strategies import documents
from tests.sessions.rules.worlds import worlds

Json = dict[str, Any]
KINDS = {"documents": documents, "worlds": worlds}
# As many as the property that reads most of them.
MOST = 40


def some(*kinds: str) -> st.SearchStrategy[Json]:
    """Give documents of these kinds."""
    if not settings().derandomize:
        return st.one_of([KINDS[kind]() for kind in kinds])
    # Drawn when the first property begins, not when the file is read.
    return st.deferred(lambda: st.sampled_from([each for kind in kinds for each in _drawn(kind)])).map(
        deepcopy
    )


@cache
def _drawn(kind: str) -> list[Json]:
    drawn: list[Json] = []

    @settings(
        max_examples=MOST,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(KINDS[kind]())
    def draw(document: Json) -> None:
        drawn.append(document)

    draw()
    return drawn

"""A socket may send a steady rate with bursts, and no more."""

from __future__ import annotations

from realtime.limits import TokenBucket


def test_a_burst_passes_and_then_only_the_rate() -> None:
    now = 0.0
    bucket = TokenBucket(rate=20, burst=60, monotonic=lambda: now)
    assert all(bucket.take() for _ in range(60))
    assert not bucket.take()
    now = 0.1
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_tokens_never_pile_up_beyond_the_burst() -> None:
    now = 0.0
    bucket = TokenBucket(rate=20, burst=60, monotonic=lambda: now)
    now = 3600.0
    assert sum(bucket.take() for _ in range(100)) == 60

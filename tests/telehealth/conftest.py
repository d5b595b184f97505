"""Set-up for tests of the platform's own apps."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_rate_limit_from_earlier_tests() -> Iterator[None]:
    """Forget counted sign-ins: rate limits live in the cache, which no rollback touches."""
    cache.clear()
    yield
    cache.clear()

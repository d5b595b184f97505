"""The calculation agrees with a second implementation that counts seconds one by one."""

from typing import Any

from hypothesis import HealthCheck, given, settings

from tests.sessions.rules import oracle
from tests.sessions.rules.builders import run
from tests.sessions.rules.strategies import documents


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_the_result_is_what_counting_every_second_gives(document: dict[str, Any]):
    assert run(document) == oracle.compute(document)

"""The calculation agrees with a second implementation that counts seconds one by one."""

from typing import Any

from hypothesis import HealthCheck, given, settings

from tests.sessions.rules import corpus, oracle
from tests.sessions.rules.builders import run

some = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@some
@given(corpus.some("documents"))
def test_the_result_is_what_counting_every_second_gives(document: dict[str, Any]):
    assert run(document) == oracle.compute(document)


@some
@given(corpus.some("worlds"))
def test_so_it_is_in_weeks_with_tapers_overlaps_incidents_and_changed_clocks(document: dict[str, Any]):
    assert run(document) == oracle.compute(document)

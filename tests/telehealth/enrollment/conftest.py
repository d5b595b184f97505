"""The world these tests live in."""

import pytest

from tests.telehealth.enrollment.world import World, build


@pytest.fixture
def world(db: None) -> World:
    """Build two programs with their people."""
    return build()

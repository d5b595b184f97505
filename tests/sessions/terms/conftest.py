"""The cast of these tests: the worked example's Tuesday group, built once a module."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests import cast as stage
from tests.cast import Cast
from tests.factories import kept_for_module


@pytest.fixture(scope="module")
def kept_cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """Build everybody once."""
    with kept_for_module(django_db_blocker, at=stage.AT, patients=2) as built:
        yield built


@pytest.fixture
def cast(kept_cast: Cast, db: None) -> Cast:
    """Give everybody as they were before any test."""
    return copy.deepcopy(kept_cast)

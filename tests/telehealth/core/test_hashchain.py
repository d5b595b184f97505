"""A chain shows every edit, gap and reorder."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telehealth.core.hashchain import GENESIS, Link, row_hash, verify

payloads = st.lists(
    st.dictionaries(
        st.text(max_size=5), st.integers() | st.text(max_size=8) | st.none() | st.booleans(), max_size=4
    ),
    max_size=8,
)


def chain(items: list[dict[str, object]]) -> list[Link]:
    links: list[Link] = []
    head = GENESIS
    for item in items:
        link = Link(payload=item, prev_hash=head, row_hash=row_hash(head, item))
        links.append(link)
        head = link.row_hash
    return links


@given(payloads)
def test_an_untouched_chain_holds(items: list[dict[str, object]]) -> None:
    assert verify(chain(items)) is None


@given(payloads.filter(lambda items: len(items) > 0), st.data())
def test_an_edited_row_is_found_where_it_is(items: list[dict[str, object]], data: st.DataObject) -> None:
    links = chain(items)
    where = data.draw(st.integers(0, len(links) - 1))
    links[where] = dataclasses.replace(links[where], payload={**links[where].payload, "edited!": True})
    assert verify(links) == where


@given(payloads.filter(lambda items: len(items) > 1), st.data())
def test_a_row_taken_out_shows_at_its_successor(items: list[dict[str, object]], data: st.DataObject) -> None:
    links = chain(items)
    where = data.draw(st.integers(0, len(links) - 2))
    del links[where]
    assert verify(links) == where


def test_the_spelling_of_a_payload_does_not_depend_on_the_order_of_its_keys() -> None:
    assert row_hash(GENESIS, {"a": 1, "b": 2}) == row_hash(GENESIS, {"b": 2, "a": 1})


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_a_payload_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        row_hash(GENESIS, {"value": value})

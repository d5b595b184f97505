"""CSV files: RFC 4180, no formulas, a hash a row, a header of the same width."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telehealth.core.csv import FORMULA_STARTS, hashed_table, instant, safe

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("sign", FORMULA_STARTS)
def test_a_cell_that_would_run_is_defused_wherever_it_stands(sign: str) -> None:
    attack = f"{sign}cmd|' /C calc'!A0"
    head, columns, row = read(hashed_table(["a"], [[attack]], header=[("filter", attack)]))
    assert safe(attack) == f"'{attack}"
    assert (head, columns[0], row[0]) == (["filter", f"'{attack}"], "a", f"'{attack}")


def test_an_ordinary_cell_stays_as_it_is() -> None:
    for cell in ("", "a", "1-2", "name@example.org", "7", "a=b"):
        assert safe(cell) == cell


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5))
def test_every_line_has_as_many_cells_and_every_row_its_hash(rows: list[tuple[str, str, str]]) -> None:
    lines = read(hashed_table(["a", "b", "c"], rows, header=[("report", "x"), ("rows", str(len(rows)))]))
    assert {len(line) for line in lines} == {4}
    assert lines[2] == ["a", "b", "c", "row_sha256"]
    assert len(lines) == 3 + len(rows)
    for *cells, digest in lines[3:]:
        assert hashlib.sha256("\n".join(cells).encode()).hexdigest() == digest
        assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS)]


def test_lines_end_as_the_standard_says() -> None:
    assert hashed_table(["a"], []) == "a,row_sha256\r\n"


def test_instants_are_written_in_utc() -> None:
    assert instant(datetime(2026, 3, 4, 15, 0, tzinfo=UTC)) == "2026-03-04T15:00:00Z"
    assert instant(None) == ""

"""Tables as CSV (RFC 4180), safe to open in a spreadsheet, each row with a hash over its cells."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

# The full-width signs are read as the plain ones in some languages.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
ROW_HASH = "row_sha256"


def safe(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def instant(at: datetime | None) -> str:
    """Write an instant as UTC; nothing where there is none."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def row_hash(cells: Iterable[str]) -> str:
    """Give the hash of a row's other cells joined by line feeds, so that a changed cell shows."""
    return hashlib.sha256("\n".join(cells).encode()).hexdigest()


def hashed_table(
    columns: Sequence[str], rows: Iterable[Iterable[str]], *, header: Iterable[tuple[str, str]] = ()
) -> str:
    """Write a table: lines of the header as name and value, the columns' names, then the rows.

    Every line has as many cells as there are columns and one for the hash; lines of the header are filled up
    with empty ones.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    width = len(columns) + 1
    for name, value in header:
        writer.writerow([safe(name), safe(value), *[""] * (width - 2)])
    writer.writerow([*columns, ROW_HASH])
    for row in rows:
        cells = [safe(cell) for cell in row]
        writer.writerow([*cells, row_hash(cells)])
    return text.getvalue()

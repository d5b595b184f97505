"""What every report looks like: figures, a picture, rows for the screen and cells for the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

MOST_ROWS = 400
"""Rows on one page; the file holds all of them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell on the screen. `badge` names a known state whose badge is drawn before the text."""

    text: str = ""
    note: str = ""
    url: str = ""
    badge: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `cells` go into the file, `shown` on the screen; nothing shown is a row of the file only."""

    cells: tuple[str, ...]
    shown: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that sums the report up; `kind` colours it: ok, warn, bad or nothing."""

    term: str
    value: str
    note: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the picture: `value` of `whole`, said in `words`."""

    label: str
    value: int
    whole: int
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """A gathered report. `session_ids` are the sessions whose attendance it holds."""

    columns: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...] = ()
    bars: tuple[Bar, ...] = ()
    picture: str = ""
    notes: tuple[str, ...] = ()
    empty: str = "Nothing in these days. Choose other ones."
    session_ids: tuple[UUID, ...] = field(default=(), repr=False)

    @property
    def shown(self) -> Sequence[Row]:
        """Give the rows that fit on the page; some are for the file only."""
        return [row for row in self.rows if row.shown][:MOST_ROWS]

    @property
    def lines(self) -> list[tuple[tuple[str, Cell], ...]]:
        """Give the rows of the page, each cell beside the head of its column."""
        return [tuple(zip(self.heads, row.shown, strict=True)) for row in self.shown]

    @property
    def left_off(self) -> int:
        """Count the rows that the page would show if it were longer."""
        return max(0, sum(bool(row.shown) for row in self.rows) - MOST_ROWS)


def number(value: int, note: str = "") -> Cell:
    """Make a cell of a number."""
    return Cell(str(value), note=note, is_number=True)


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """Write an instant short, on the program's clock."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d} {local.hour % 12 or 12}:{local:%M} {local:%p}"


def initials(name: str) -> str:
    """Give the first letters of a name: files carry no more of it."""
    return "".join(word[0] for word in name.split())


def share(part: int, whole: int) -> str:
    """Write a share in whole percent, rounded down: it never says more than was reached."""
    return f"{part * 100 // whole}%" if whole else "none"


def joined(words: Iterable[object]) -> str:
    """Write several values into one cell."""
    return "; ".join(str(word) for word in words if word)

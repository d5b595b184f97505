"""What is left of a comparison: a JSON file with every run, and the table in docs/benchmarks.md."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.load.calls import machine, table
from tests.load.calls.floor import Floor
from tests.load.calls.runs import Run

BEGIN = "<!-- calls: begin; written by `python -m tests.load.calls --write` -->"
END = "<!-- calls: end -->"


class NoPlaceError(Exception):
    """The document has no markers between which the table belongs."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was measured, and on what; `filled` are the last runs of the search for 70 % of a core."""

    at: datetime
    command: str
    seconds: float
    load_before: float
    load_after: float
    floor: Floor
    runs: Sequence[Run]
    filled: Sequence[Run]

    def markdown(self) -> str:
        """Return the results as they stand in the document."""
        said = machine.description()
        parts = [
            f"{self.at:%Y-%m-%d %H:%M} UTC, `{self.command}`: {said['cores']} cores ({said['architecture']},"
            f" {said['processor']}), {said['system']}, Linux {said['kernel']}, Python {said['python']};"
            f" windows of {self.seconds:g} s; load {self.load_before:.1f} before, {self.load_after:.1f} after"
            f" (the bench alone makes it about 3). Medians, in brackets the least and the most.",
            *table.warnings(self.runs),
            table.markdown(self.runs),
        ]
        if self.filled:
            parts += ["Each relay with as many groups as bring it near 70 % of its core:"]
            parts += [table.markdown(self.filled)]
        parts += [table.floor_line(self.floor), table.legend([*self.runs, *self.filled])]
        if found := table.failures([*self.runs, *self.filled]):
            parts += ["\n".join(["Did not count:", *(f"- {each}" for each in found)])]
        return "\n\n".join(parts)

    def json(self) -> str:
        """Return every run and the machine."""
        values = {
            "format": 1,
            "at": self.at.isoformat(),
            "command": self.command,
            "machine": machine.description(),
            "seconds": self.seconds,
            "load": [self.load_before, self.load_after],
            "floor": dataclasses.asdict(self.floor),
            "runs": [dataclasses.asdict(run) for run in self.runs],
            "filled": [dataclasses.asdict(run) for run in self.filled],
        }
        return json.dumps(values, indent=1) + "\n"


def now() -> datetime:
    """Return the time that stands in the report."""
    return datetime.now(UTC)


def write_into(document: Path, text: str) -> None:
    """Put the text between the markers of the document."""
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlaceError(
            f"{document.name} has no place for the table: it lacks the lines {BEGIN} and {END}"
        )
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")

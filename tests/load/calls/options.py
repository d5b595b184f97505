"""The command line of the comparison."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.load.calls.call import Shape
from tests.load.calls.plans import Cell, Plan, full, quick
from tests.load.calls.relays.known import RELAYS

MODULE = "tests.load.calls"
DESCRIPTION = """CPU, delay and loss of calls through relays, side by side.

Each client speaks real ICE, DTLS and SRTP and sends really encoded VP8 (640x360, 25 frames, some 620 kbit/s)
and Opus (50 packets/s). The relay has core 0, the load core 1. docs/benchmarks.md explains the method.
Without options everything is measured, in some twenty minutes; with --people or --groups one shape only.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}", description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a group of twelve only, some two minutes")
    parser.add_argument("--relay", nargs="+", choices=list(RELAYS), help="only these, in this order")
    parser.add_argument("--people", type=int, help="one shape: people in a group (12)")
    parser.add_argument("--groups", type=int, help="one shape: how many groups (1)")
    parser.add_argument("--publishers", type=int, help="one shape: how many of a group publish (all)")
    parser.add_argument("--seconds", type=float, default=5, help="how long each window is (5)")
    parser.add_argument("--repetitions", type=int, default=2, help="how often a cell is measured (2)")
    parser.add_argument("--no-fill", action="store_true", help="do not search for 70 %% of a core")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run there")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/benchmarks.md")
    parser.add_argument("--loopback", action="store_true", help="no namespace of its own; our relay only")
    given = parser.parse_args(arguments)
    if given.people is not None and not 2 <= given.people <= 16:
        parser.error("--people lies between 2 and 16.")
    if given.repetitions < 1 or given.seconds <= 0:
        parser.error("--repetitions and --seconds must be positive.")
    return given


def plan(given: argparse.Namespace) -> Plan:
    """Return what the command line asks for."""
    if given.people or given.groups or given.publishers:
        cell = Cell(_shape(given), tuple(given.relay or ["ours"]), given.repetitions)
        return Plan([cell], given.seconds)
    made = quick(given.seconds) if given.quick else full(given.seconds, given.repetitions)
    cells, filled = made.cells, made.filled
    if given.relay:
        cells = [replace(cell, relays=tuple(given.relay)) for cell in cells]
        filled = tuple(given.relay) if filled else ()
    return Plan(cells, made.seconds, () if given.no_fill else filled)


def _shape(given: argparse.Namespace) -> Shape:
    people, groups = given.people or 12, given.groups or 1
    name = f"{groups} x {people}" + (f", {given.publishers} publish" if given.publishers else "")
    return Shape(name, groups, people, given.publishers)

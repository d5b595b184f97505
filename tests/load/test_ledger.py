"""The command that measures a program-year builds what the product itself would have written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_small_year_is_built_computed_both_ways_and_verified() -> None:
    command = [sys.executable, "-m", "tests.load.ledger", "--sessions", "2", "--minutes", "12", "--verify"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "sessions that differ between the two: 0 of 2" in run.stdout
    assert "The ledger holds: 2 sessions" in run.stdout

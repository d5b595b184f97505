"""Calls through a relay under test: load, measurement, comparison. `python -m tests.load.calls` prints a table."""

"""Calls through relays under test: load, measurement, comparison, by `python -m tests.load.calls`."""

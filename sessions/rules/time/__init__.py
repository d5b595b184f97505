"""Instants, intervals and wall-clock recurrence: arithmetic that knows nothing of attendance."""

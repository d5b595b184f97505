"""Decide about absences, plan make-ups, note who was called."""

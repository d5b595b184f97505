"""Sign rosters, correct minutes, answer objections."""

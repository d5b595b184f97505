"""Rosters to sign, corrections to decide, objections to answer."""

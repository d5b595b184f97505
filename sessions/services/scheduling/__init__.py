"""Plan sessions and series, and put patients on rosters."""

"""Time zones as a form offers them: those of the United States first, all others after."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

_COMMON = {
    "America/New_York": "Eastern (New York)",
    "America/Chicago": "Central (Chicago)",
    "America/Denver": "Mountain (Denver)",
    "America/Phoenix": "Mountain, no daylight saving (Phoenix)",
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
    "America/Puerto_Rico": "Atlantic (Puerto Rico)",
}


@cache
def known_zones() -> frozenset[str]:
    """Give the names of all zones; finding them walks a folder, so once is enough."""
    return frozenset(available_timezones())


def zone_choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """List the zones for a select element."""
    others = sorted(name for name in known_zones() if "/" in name and name not in _COMMON)
    return [
        ("United States", list(_COMMON.items())),
        ("Elsewhere", [(name, name.replace("_", " ")) for name in others]),
    ]

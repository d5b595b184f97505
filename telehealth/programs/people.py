"""Values that services of programs and enrollment take and give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Deliver = Callable[[str, str, datetime], None]
"""Takes address, secret and expiry, and sends the link. Called after commit; must not raise."""


@dataclass(frozen=True, slots=True)
class Person:
    """What an administrator says about a person who has no account yet."""

    email: str
    given_name: str
    family_name: str
    preferred_name: str = ""
    credential: str = ""
    phone: str = ""
    time_zone: str | None = None

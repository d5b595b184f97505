"""Billing quantities from minutes (section 3 of docs/attendance.md)."""

from sessions.rules.conditions.service_types import ServiceType


def timed15_8min(minutes: int) -> int:
    """Count 15-minute units by the 8-minute rule."""
    return 0 if minutes < 8 else (minutes + 7) // 15


def timed15_full(minutes: int) -> int:
    """Count full 15-minute units."""
    return minutes // 15


def hourly_floor(minutes: int) -> int:
    """Count full hours."""
    return minutes // 60


def cpt_individual(minutes: int) -> str | None:
    """Choose the psychotherapy code for the minutes of an individual session, if there is one."""
    if minutes < 16:
        return None
    if minutes < 38:
        return "90832"
    return "90834" if minutes < 53 else "90837"


def per_diem(minutes: int, *, per_diem_min_minutes: int) -> int:
    """Give 1 for a day that reaches the per diem, else 0."""
    return 1 if minutes >= per_diem_min_minutes else 0


def units(service_type: ServiceType, minutes: int) -> dict[str, int | str | None]:
    """Give every quantity of one session's billable minutes; the code for individual therapy only."""
    found: dict[str, int | str | None] = {
        "timed15_8min": timed15_8min(minutes),
        "timed15_full": timed15_full(minutes),
        "hourly_floor": hourly_floor(minutes),
    }
    if service_type is ServiceType.INDIVIDUAL_THERAPY:
        found["cpt_individual"] = cpt_individual(minutes)
    return found

"""What every credit term means to a person: its group, name, unit and consequence; its values in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from sessions.rules.conditions.terms import (
    PARAMETERS,
    AudioOnlyPolicy,
    CameraPolicy,
    PartialCreditMode,
    ProrationMode,
)


class TermGroup(StrEnum):
    """Which part of the calculation a term belongs to."""

    PRESENCE = "Presence and bridging"
    WINDOW = "The window of a session"
    CREDIT = "What is credited"
    GROUPS = "Groups"
    WEEKS = "Weeks"
    BILLING = "Billing"


class Unit(StrEnum):
    """What a whole number counts."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    PEOPLE = "patients"
    DAYS = "days"
    TIMES = "gaps"
    NONE = ""


@dataclass(frozen=True, slots=True)
class TermWords:
    """One term for people. `by_type` is the default of a term whose default depends on the service."""

    name: str
    group: TermGroup
    label: str
    explanation: str
    unit: Unit = Unit.NONE
    by_type: str = ""


VALUE_WORDS: Mapping[str, str] = {
    PartialCreditMode.ACTUAL: "The minutes attended",
    PartialCreditMode.THRESHOLD: "Nothing below the share",
    CameraPolicy.ADVISORY: "Only mark it",
    CameraPolicy.CREDIT: "Do not credit it",
    AudioOnlyPolicy.ALLOW: "Credit it",
    AudioOnlyPolicy.ALLOW_WITH_REASON: "Credit it, with a reason on file",
    AudioOnlyPolicy.DENY: "Do not credit it",
    ProrationMode.NONE: "Mark the week as partial",
    ProrationMode.PROGRAM_DAYS: "Lower the target by enrolled weekdays",
}

_P, _W, _C = TermGroup.PRESENCE, TermGroup.WINDOW, TermGroup.CREDIT
_G, _K, _B = TermGroup.GROUPS, TermGroup.WEEKS, TermGroup.BILLING
_SEC, _MIN = Unit.SECONDS, Unit.MINUTES

TERM_WORDS: Mapping[str, TermWords] = {
    words.name: words
    for words in (
        TermWords(
            "rejoin_bridge_sec",
            _P,
            "Longest drop that is bridged",
            "A patient who is back within this time keeps it as credited, never as billable time. "
            "Strict payers want 0.",
            _SEC,
        ),
        TermWords(
            "bridge_cap_sec",
            _P,
            "Bridged time in one session, at most",
            "All bridged drops of one session together stay within it.",
            _SEC,
        ),
        TermWords(
            "bridge_max_count",
            _P,
            "Bridged drops in one session, at most",
            "A drop beyond this number is not bridged.",
            Unit.TIMES,
        ),
        TermWords(
            "facilitator_gap_sec",
            _P,
            "Longest absence of the clinician that is overlooked",
            "A longer time without a clinician in the room is credited to nobody.",
            _SEC,
        ),
        TermWords(
            "early_credit_min",
            _W,
            "Credit before the planned start",
            "So many minutes before the planned start count, if the session was opened by then.",
            _MIN,
        ),
        TermWords(
            "overrun_credit_min",
            _W,
            "Credit after the planned end",
            "So many minutes after the planned end count, if the session still ran.",
            _MIN,
            "15 minutes for individual and family sessions and discharge or aftercare meetings, else 0",
        ),
        TermWords(
            "auto_end_min",
            _W,
            "A room without a clinician ends after",
            "It then counts as ended when the last clinician left.",
            _MIN,
        ),
        TermWords(
            "late_grace_min",
            _W,
            "Late from",
            "A patient who comes later than this after the start is marked late. No minute is lost or won.",
            _MIN,
        ),
        TermWords(
            "early_leave_grace_min",
            _W,
            "Left early from",
            "A patient who leaves earlier than this before the end is marked. No minute is lost or won.",
            _MIN,
        ),
        TermWords(
            "min_credit_min",
            _C,
            "Fewer minutes than this are no credit",
            "A shorter presence earns nothing.",
            _MIN,
            "15 minutes in groups, 8 minutes otherwise",
        ),
        TermWords(
            "min_presence_ratio",
            _C,
            "Share of the session that counts as attended",
            "From 0 to 1, of the time the program delivered. Below it the presence is called low.",
        ),
        TermWords(
            "partial_credit_mode",
            _C,
            "Below that share, credit",
            "Full credit for part of a session is never given.",
        ),
        TermWords("break_counts", _C, "Breaks count", "Few payers allow it."),
        TermWords(
            "camera_policy",
            _C,
            "Time with the camera off for long",
            "Marked in any case; under the stricter choice it is not credited.",
        ),
        TermWords(
            "camera_off_tolerance_sec",
            _C,
            "Camera off is long after",
            "Shorter times with the camera off are overlooked.",
            _SEC,
        ),
        TermWords(
            "audio_only_policy",
            _C,
            "Time without a camera (sound only)",
            "Whether a plan pays for it varies. It is marked in any case.",
        ),
        TermWords(
            "group_min",
            _G,
            "Smallest group",
            "Fewer credited patients are marked: it was no group.",
            Unit.PEOPLE,
        ),
        TermWords(
            "group_max", _G, "Largest group", "More are not admitted to the room at once.", Unit.PEOPLE
        ),
        TermWords(
            "education_max", _G, "Largest educational group", "The same for psychoeducation.", Unit.PEOPLE
        ),
        TermWords(
            "weekly_min_days",
            _K,
            "Days with credit in a week, at least",
            "A week with fewer is marked.",
            Unit.DAYS,
        ),
        TermWords(
            "proration_mode",
            _K,
            "A week that is only partly enrolled",
            "By default it is left out of compliance figures.",
        ),
        TermWords(
            "loc_ceiling_min",
            _K,
            "A week of another level of care from",
            "So many credited minutes a week usually mean partial hospitalization: a clinical review.",
            _MIN,
        ),
        TermWords(
            "expected_rate_default",
            _K,
            "Expected attendance of a new patient",
            "From 0 to 1. Used for the projection of a week until two weeks are known.",
        ),
        TermWords(
            "per_diem_min_minutes",
            _B,
            "Billable minutes that make a day",
            "A service date with at least so many is one per diem.",
            _MIN,
        ),
    )
}


def value_words(name: str, value: object) -> str:
    """Say a stored or resolved value of a term; None is a default that varies by the type of service."""
    words = TERM_WORDS[name]
    if value is None:
        return words.by_type
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if PARAMETERS[name].kind is Decimal:
        return f"{format(Decimal(str(value)).normalize(), 'f')} ({_percent(value)})"
    if isinstance(value, str):
        return VALUE_WORDS.get(value, value)
    number = int(str(value))
    if words.unit is Unit.SECONDS:
        return _seconds(number)
    unit = words.unit.value.removesuffix("s") if number == 1 else words.unit.value
    return f"{number} {unit}".strip()


def default_words(name: str) -> str:
    """Say the system's default of a term."""
    return value_words(name, PARAMETERS[name].default)


def _percent(value: object) -> str:
    share = Fraction(str(value)) * 100
    return f"{share.numerator // share.denominator} %" if share.denominator == 1 else f"{float(share):.1f} %"


def _seconds(number: int) -> str:
    minutes, rest = divmod(number, 60)
    if not minutes:
        return f"{number} second" if number == 1 else f"{number} seconds"
    said = f"{minutes} minute" if minutes == 1 else f"{minutes} minutes"
    return said if not rest else f"{said} {rest} s"

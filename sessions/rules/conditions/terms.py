"""Credit terms: every parameter of the calculation, its default, where it may stand, and which place wins."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from sessions.rules.conditions.service_types import ServiceType


class Place(StrEnum):
    """Where in an evidence file a term may stand; the later one wins."""

    FILE = "file"
    SESSION = "session"
    ENROLLMENT = "enrollment"


class PartialCreditMode(StrEnum):
    """Whether presence below `min_presence_ratio` earns its minutes or nothing."""

    ACTUAL = "actual"
    THRESHOLD = "threshold"


class CameraPolicy(StrEnum):
    """Whether long camera-off time is only flagged or not credited."""

    ADVISORY = "advisory"
    CREDIT = "credit"


class AudioOnlyPolicy(StrEnum):
    """Whether time without a camera is credited."""

    ALLOW = "allow"
    ALLOW_WITH_REASON = "allow_with_reason"
    DENY = "deny"


class ProrationMode(StrEnum):
    """How a week that is only partly enrolled is treated."""

    NONE = "none"
    PROGRAM_DAYS = "program_days"


class WeekStart(StrEnum):
    """First day of the week."""

    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"

    @property
    def weekday(self) -> int:
        """Number of the day as `date.weekday` counts it, Monday 0."""
        return list(WeekStart).index(self)


TermValue: TypeAlias = int | bool | Decimal | StrEnum
Overrides: TypeAlias = Mapping[str, TermValue]
Kind: TypeAlias = type[int] | type[bool] | type[Decimal] | type[StrEnum]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One term. `kind`: whole number >= 0, true or false, decimal from 0 to 1, or one of an enumeration."""

    name: str
    kind: Kind
    places: frozenset[Place]
    default: TermValue | None


_FS = frozenset({Place.FILE, Place.SESSION})
_FSE = frozenset(Place)
_FE = frozenset({Place.FILE, Place.ENROLLMENT})
_F = frozenset({Place.FILE})

PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("early_credit_min", int, _FS, 0),
        Parameter("overrun_credit_min", int, _FS, None),  # by service type
        Parameter("facilitator_gap_sec", int, _FS, 120),
        Parameter("auto_end_min", int, _FS, 15),
        Parameter("break_counts", bool, _FS, False),
        Parameter("group_min", int, _FS, 2),
        Parameter("group_max", int, _FS, 12),
        Parameter("education_max", int, _FS, 35),
        Parameter("rejoin_bridge_sec", int, _FSE, 120),
        Parameter("bridge_cap_sec", int, _FSE, 300),
        Parameter("bridge_max_count", int, _FSE, 3),
        Parameter("min_credit_min", int, _FSE, None),  # by service type
        Parameter("min_presence_ratio", Decimal, _FSE, Decimal("0.75")),
        Parameter("partial_credit_mode", PartialCreditMode, _FSE, PartialCreditMode.ACTUAL),
        Parameter("camera_policy", CameraPolicy, _FSE, CameraPolicy.ADVISORY),
        Parameter("camera_off_tolerance_sec", int, _FSE, 300),
        Parameter("audio_only_policy", AudioOnlyPolicy, _FSE, AudioOnlyPolicy.ALLOW_WITH_REASON),
        Parameter("late_grace_min", int, _FSE, 5),
        Parameter("early_leave_grace_min", int, _FSE, 5),
        Parameter("weekly_min_days", int, _FE, 3),
        Parameter("proration_mode", ProrationMode, _FE, ProrationMode.NONE),
        Parameter("loc_ceiling_min", int, _FE, 1200),
        Parameter("per_diem_min_minutes", int, _FE, 180),
        Parameter("expected_rate_default", Decimal, _FE, Decimal("0.85")),
        Parameter("week_start", WeekStart, _F, WeekStart.SUN),
    )
}


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """The terms in force for one patient in one session."""

    early_credit_min: int
    overrun_credit_min: int
    facilitator_gap_sec: int
    auto_end_min: int
    break_counts: bool
    group_min: int
    group_max: int
    education_max: int
    rejoin_bridge_sec: int
    bridge_cap_sec: int
    bridge_max_count: int
    min_credit_min: int
    min_presence_ratio: Decimal
    partial_credit_mode: PartialCreditMode
    camera_policy: CameraPolicy
    camera_off_tolerance_sec: int
    audio_only_policy: AudioOnlyPolicy
    late_grace_min: int
    early_leave_grace_min: int


@dataclass(frozen=True, slots=True)
class WeekTerms:
    """The terms in force for the days and weeks of one patient."""

    weekly_min_days: int
    proration_mode: ProrationMode
    loc_ceiling_min: int
    per_diem_min_minutes: int
    expected_rate_default: Decimal
    week_start: WeekStart


def resolve_session_terms(service_type: ServiceType, *levels: Overrides) -> CreditTerms:
    """Take each term from the last level that gives it (file, session, enrollment), else its default."""
    by_type: dict[str, TermValue] = {
        "overrun_credit_min": 15 if service_type.may_overrun else 0,
        "min_credit_min": 15 if service_type.is_group else 8,
    }
    return CreditTerms(**_resolve(CreditTerms, by_type, levels))


def resolve_week_terms(*levels: Overrides) -> WeekTerms:
    """Take each weekly term from the last level that gives it (file, enrollment), else its default."""
    return WeekTerms(**_resolve(WeekTerms, {}, levels))


# Any: the parser has checked every value against its parameter's kind, which a mapping's type cannot say.
def _resolve(
    terms: type[CreditTerms] | type[WeekTerms], by_type: Overrides, levels: tuple[Overrides, ...]
) -> dict[str, Any]:
    resolved: dict[str, Any] = {}
    for field in fields(terms):
        value = by_type.get(field.name, PARAMETERS[field.name].default)
        for level in levels:
            value = level.get(field.name, value)
        resolved[field.name] = value
    return resolved

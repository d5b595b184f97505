"""The reports there are: what each is for, and the function that gathers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..document import Report
from ..scope import ReportScope
from .absences import absences
from .access import access
from .attendance import attendance
from .census import census
from .corrections import corrections
from .unsigned import unsigned
from .weeks import weeks


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One report. `locks` says that its file holds attendance as it was decided, row by row."""

    key: str
    title: str
    purpose: str
    icon: str
    gather: Callable[[ReportScope], Report]
    locks: bool = False


KINDS: Mapping[str, ReportKind] = {
    kind.key: kind
    for kind in (
        ReportKind(
            "attendance",
            "Attendance audit",
            "Every patient and session: times, minutes, flags, corrections and the signature under them.",
            "list",
            attendance,
            locks=True,
        ),
        ReportKind(
            "weeks",
            "Weekly hours",
            "Each patient's weeks against the target, and the share of weeks that met it.",
            "clock",
            weeks,
        ),
        ReportKind(
            "census",
            "Census",
            "Who was in the program on each day: active, on hold, admitted, discharged, length of stay.",
            "people",
            census,
        ),
        ReportKind(
            "absences",
            "Absences and outreach",
            "Missed sessions: how each counts, and how the program reached out.",
            "phone",
            absences,
        ),
        ReportKind(
            "corrections",
            "Corrections",
            "Every adjustment, late entry and amendment, with who asked and who decided.",
            "edit",
            corrections,
        ),
        ReportKind(
            "unsigned",
            "Unsigned sessions",
            "Rosters that wait for a signature, and for how long.",
            "sign",
            unsigned,
        ),
        ReportKind(
            "access",
            "Access log",
            "Who read or downloaded attendance, and who was refused.",
            "lock",
            access,
        ),
    )
}

"""Which routes show staff a patient's attendance, and which do not: every route with a GET has its line.

`tests/test_attendance_reads.py` asks each route of the first list for its event in the audit trail, and
refuses a route of these apps that stands in neither.
"""

from __future__ import annotations

from typing import Final

READS_ATTENDANCE: Final = frozenset(
    {
        "enrollment:patient",
        "reports:absences",
        "reports:absences_csv",
        "reports:access",
        "reports:access_csv",
        "reports:attendance",
        "reports:attendance_csv",
        "reports:census",
        "reports:census_csv",
        "reports:corrections",
        "reports:corrections_csv",
        "reports:unsigned",
        "reports:unsigned_csv",
        "reports:weeks",
        "reports:weeks_csv",
        "sessions:audit",
        "sessions:audit_csv",
        "sessions:detail",
        "sessions:evidence",
        "sessions:facts",
        "sessions:live_roster",
        "sessions:patient_history",
        "sessions:therapist_home",
    }
)

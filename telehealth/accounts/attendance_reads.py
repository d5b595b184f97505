"""Which routes show staff the attendance of patients, and which do not: each route has its line.

`tests/test_attendance_reads.py` asks every route of the first list for its event in the audit trail, and
fails for a route of these apps that stands in neither.
"""

from __future__ import annotations

from typing import Final

APPS: Final = ("sessions", "reports", "enrollment", "realtime")

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
        "sessions:absence_decide",
        "sessions:absences",
        "sessions:audit",
        "sessions:audit_csv",
        "sessions:correct",
        "sessions:correction_decide",
        "sessions:corrections",
        "sessions:detail",
        "sessions:dispute_answer",
        "sessions:disputes",
        "sessions:evidence",
        "sessions:facts",
        "sessions:live_roster",
        "sessions:outreach",
        "sessions:patient_history",
        "sessions:roster",
        "sessions:therapist_home",
        "sessions:week_board",
        "sessions:what_if",
    }
)
"""Opening one of these is an event of the trail: whose attendance, or of a list the filter and the count."""

NO_ATTENDANCE: Final = frozenset(
    {
        # Forms and documents of an episode; targets and terms say what is prescribed, not what was attended.
        "enrollment:assign_track",
        "enrollment:change_state",
        "enrollment:document",
        "enrollment:document_new",
        "enrollment:documents",
        "enrollment:enrol",
        "enrollment:enrol_again",
        "enrollment:patients",
        "enrollment:target_new",
        "sessions:enrollment_terms_new",
        # The schedule: how many came to a session, and nobody by name.
        "sessions:cancel",
        "sessions:list",
        "sessions:move",
        "sessions:new",
        "sessions:series",
        "sessions:series_new",
        "sessions:terms",
        "sessions:terms_new",
        "sessions:track_end",
        "sessions:track_new",
        "sessions:tracks",
        # Shows the roster again just before the signature; the roster's page before it was written down.
        "sessions:sign_off",
        # The list of reports holds none of them.
        "reports:index",
        # Entering a room is an event of its own, and so is every step in it.
        "realtime:room",
    }
)
"""Routes of staff that show no patient's attendance, or whose reading is an event for another reason."""

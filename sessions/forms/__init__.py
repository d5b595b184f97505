"""Forms of the schedule, one module a noun. Times are typed as the program's wall clock shows them."""

from .choices import ScheduleChoices, schedule_choices
from .filters import SessionFilterForm
from .group_session import CancelForm, MoveForm, SessionForm
from .roster import PatientForm
from .series import SeriesForm

__all__ = [
    "CancelForm",
    "MoveForm",
    "PatientForm",
    "ScheduleChoices",
    "SeriesForm",
    "SessionFilterForm",
    "SessionForm",
    "schedule_choices",
]

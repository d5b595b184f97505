"""The closed vocabularies of attendance in plain English, for pages, reports and `--explain`."""

from collections.abc import Mapping

from sessions.rules.crediting.held import Stage
from sessions.rules.crediting.status import Flag, Status
from sessions.rules.crediting.timeline import PieceKind
from sessions.rules.telling.strip import StripKind
from sessions.rules.weekly.shortfall import LossCause
from sessions.rules.weekly.weeks import WeekFlag, WeekNote

STATUS_WORDS: Mapping[Status, str] = {
    Status.CANCELLED_BY_PROGRAM: "The program cancelled this session or did not deliver any of it",
    Status.SCHEDULED: "Not started yet",
    Status.EXPECTED: "The session is running, the patient has not come yet",
    Status.IN_PROGRESS: "The session is running",
    Status.NO_SHOW: "The patient did not come",
    Status.NO_CREDIT: "The patient came, but too briefly to be credited",
    Status.PRESENT: "Present",
    Status.PARTIAL: "Present for a part",
    Status.PARTIAL_LOW: "Present for a small part",
}

FLAG_WORDS: Mapping[Flag, str] = {
    Flag.LATE: "Arrived late",
    Flag.ADMIT_DELAY: "Was kept waiting for more than two minutes before being let in",
    Flag.EARLY_LEAVE: "Left early",
    Flag.BRIDGED: "A short interruption was bridged: credited, but not billable",
    Flag.FACILITATOR_GAP: "No clinician was in the room for a part of the session",
    Flag.AUDIO_ONLY: "Took part without a camera for some time",
    Flag.CAMERA_OFF: "The camera was off for longer than tolerated",
    Flag.OVERLAP: "Some of the time was already credited in another session",
    Flag.GROUP_TOO_SMALL: "Fewer patients than a group needs were credited",
    Flag.GROUP_TOO_LARGE: "More patients than a group may have were in the room at once",
}

PIECE_WORDS: Mapping[PieceKind, str] = {
    PieceKind.BREAK: "break, not credited",
    PieceKind.OVERLAP: "already credited in another session",
    PieceKind.ABSENT: "not in the room",
    PieceKind.NO_FACILITATOR: "no clinician in the room",
    PieceKind.EXCLUDED_MODALITY: "not credited without a camera",
    PieceKind.BRIDGED: "short interruption, credited but not billable",
    PieceKind.CREDITED: "credited",
}

STRIP_WORDS: Mapping[StripKind, str] = {
    StripKind.EARLY: "Here before the session's time",
    StripKind.WAITING: "In the waiting room",
    StripKind.BEFORE: "Not here yet",
    StripKind.AWAY: "Out of the room",
    StripKind.AFTER: "Left",
    StripKind.ABSENT: "Not in the room",
    StripKind.BREAK: "Break",
    StripKind.NO_FACILITATOR: "No clinician in the room",
    StripKind.EXCLUDED_MODALITY: "Without the camera that counting needs",
    StripKind.OVERLAP: "Counted in another session",
    StripKind.TOO_SHORT: "In the room, too little to count",
    StripKind.CANCELLED: "In the room, session cancelled",
    StripKind.BRIDGED: "Short drop, counts all the same",
    StripKind.CREDITED: "In the room, counts",
}

# What follows a length in "Not counted: 12 min before arriving, ...".
REASON_WORDS: Mapping[StripKind, str] = {
    StripKind.EARLY: "before the session's time",
    StripKind.WAITING: "in the waiting room",
    StripKind.BEFORE: "before arriving",
    StripKind.AWAY: "out of the room in between",
    StripKind.AFTER: "after leaving",
    StripKind.ABSENT: "not in the room",
    StripKind.BREAK: "of breaks",
    StripKind.NO_FACILITATOR: "without a clinician in the room",
    StripKind.EXCLUDED_MODALITY: "without the camera that counting needs",
    StripKind.OVERLAP: "already counted in another session",
    StripKind.TOO_SHORT: "in the room, too little for the session to count",
    StripKind.CANCELLED: "in the room of a session that was cancelled",
}

STAGE_WORDS: Mapping[Stage, str] = {
    Stage.SCHEDULED: "not opened yet",
    Stage.NEVER_HELD: "never opened",
    Stage.RUNNING: "running",
    Stage.ENDED: "ended",
}

WEEK_FLAG_WORDS: Mapping[WeekFlag, str] = {
    WeekFlag.MET: "Target met",
    WeekFlag.SHORTFALL: "The week ended below the target",
    WeekFlag.SHORTFALL_CERTAIN: "The sessions still to come cannot reach the target",
    WeekFlag.AT_RISK: "Reaching the target is unlikely at the usual attendance",
    WeekFlag.ON_TRACK: "On track",
    WeekFlag.ON_HOLD: "On hold: the target is suspended",
}

WEEK_FLAG_SHORT_WORDS: Mapping[WeekFlag, str] = {
    WeekFlag.MET: "Target met",
    WeekFlag.SHORTFALL: "Too few hours",
    WeekFlag.SHORTFALL_CERTAIN: "Cannot reach it",
    WeekFlag.AT_RISK: "Close",
    WeekFlag.ON_TRACK: "On track",
    WeekFlag.ON_HOLD: "On hold",
}

WEEK_NOTE_WORDS: Mapping[WeekNote, str] = {
    WeekNote.MIN_DAYS: "Fewer days with credit than required",
    WeekNote.OVER_LOC: "Hours reach the next level of care: clinical review",
    WeekNote.GAP_DAYS: "More days between services than allowed",
    WeekNote.PART_HOLD: "On hold for a part of the week",
    WeekNote.TRANSITION: "Taper: below the minimum of this level of care",
    WeekNote.TRANSITION_REVIEW: "Below the minimum of this level of care for too many weeks: review",
}

LOSS_WORDS: Mapping[LossCause, str] = {
    LossCause.NO_SHOW: "did not come",
    LossCause.EXCUSED: "excused absence",
    LossCause.LATE_OR_PARTIAL: "late or partial",
    LossCause.PROGRAM: "not delivered by the program",
    LossCause.NOT_PLANNED: "never planned",
}


def in_words(seconds: int) -> str:
    """Write a duration the way people say it: `2 h 34 min`, `9 min 30 s`, `45 s`."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (left, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"

"""What was held of one session as of an instant, for all its patients alike (steps 2 to 5 of the credit)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from sessions.rules.conditions.terms import CreditTerms
from sessions.rules.document.evidence import SessionEvidence
from sessions.rules.time.instants import MINUTE, Instant, local_date
from sessions.rules.time.intervals import Intervals


class Stage(StrEnum):
    """Where a session stands at `as_of`."""

    SCHEDULED = "scheduled"  # not opened, its scheduled end is still to come
    NEVER_HELD = "never_held"
    RUNNING = "running"
    ENDED = "ended"

    @property
    def is_over(self) -> bool:
        """Say whether nothing can be added any more."""
        return self in (Stage.ENDED, Stage.NEVER_HELD)


@dataclass(frozen=True, slots=True)
class Held:
    """One session cut at `as_of`; the letters are those of docs/attendance.md."""

    stage: Stage
    opened_at: Instant | None
    window: Intervals  # W
    led: Intervals  # F
    led_bridged: Intervals  # F*
    breaks: Intervals  # B
    incidents: Intervals  # E
    delivered: Intervals  # D


def hold(session: SessionEvidence, terms: CreditTerms, as_of: Instant) -> Held:
    """Cut a session at `as_of` and find what the program delivered."""
    led = Intervals.union(person.presence for person in session.facilitators).before(as_of)
    led_bridged = _bridge_facilitator_gaps(led, terms.facilitator_gap_sec)
    breaks = countable_breaks(session.breaks, terms).before(as_of)
    opened_at = session.opened_at if session.opened_at is not None and session.opened_at < as_of else None
    if opened_at is None:
        stage = Stage.SCHEDULED if as_of < session.scheduled_end else Stage.NEVER_HELD
        window = Intervals()
    else:
        ended_at = _end_of(session, opened_at, led, terms, as_of)
        stage = Stage.RUNNING if ended_at is None else Stage.ENDED
        window = _window(session, opened_at, as_of if ended_at is None else ended_at, terms)
    return Held(
        stage=stage,
        opened_at=opened_at,
        window=window,
        led=led,
        led_bridged=led_bridged,
        breaks=breaks,
        incidents=session.incidents.before(as_of),
        delivered=(window & led_bridged) - breaks,
    )


def countable_breaks(breaks: Intervals, terms: CreditTerms) -> Intervals:
    """Give the breaks that are taken out of credit; none where breaks count."""
    return Intervals() if terms.break_counts else breaks


def last_departure(opened_at: Instant, led: Intervals) -> Instant:
    """Give `L`: when the last facilitator left, or the opening if none was there from then on."""
    return max(opened_at, led.end) if led else opened_at


def has_auto_ended(departed_at: Instant, *, as_of: Instant, auto_end_min: int) -> bool:
    """Say whether a session that nobody ended was over because its facilitators stayed away."""
    return departed_at < as_of and as_of >= departed_at + auto_end_min * MINUTE


def service_date(session: SessionEvidence, opened_at: Instant | None, zone: ZoneInfo) -> date:
    """Give the program's date of the opening, or of the scheduled start where nothing was opened."""
    return local_date(session.scheduled_start if opened_at is None else opened_at, zone)


def _end_of(
    session: SessionEvidence, opened_at: Instant, led: Intervals, terms: CreditTerms, as_of: Instant
) -> Instant | None:
    """Give the end that counts, or None while it runs. A given `ended_at` is never second-guessed."""
    if session.ended_at is not None and session.ended_at <= as_of:
        return session.ended_at
    departed_at = last_departure(opened_at, led)
    if has_auto_ended(departed_at, as_of=as_of, auto_end_min=terms.auto_end_min):
        return departed_at
    return None


def _window(session: SessionEvidence, opened_at: Instant, ended_at: Instant, terms: CreditTerms) -> Intervals:
    return Intervals.between(
        max(opened_at, session.scheduled_start - terms.early_credit_min * MINUTE),
        min(ended_at, session.scheduled_end + terms.overrun_credit_min * MINUTE),
    )


def _bridge_facilitator_gaps(led: Intervals, limit_sec: int) -> Intervals:
    closed = (gap for gap in led.gaps() if gap[1] - gap[0] <= limit_sec)
    return Intervals.of((*led.pairs, *closed))

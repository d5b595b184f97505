"""Which seconds of one patient qualify, before and after overlapping sessions (steps 1 to 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sessions.rules.conditions.terms import AudioOnlyPolicy, CameraPolicy, CreditTerms
from sessions.rules.crediting.held import Held
from sessions.rules.document.evidence import PatientEvidence
from sessions.rules.time.instants import Instant
from sessions.rules.time.intervals import Intervals, Pair


@dataclass(frozen=True, slots=True)
class Qualified:
    """One patient in one session; the letters are those of docs/attendance.md."""

    lobby_at: Instant | None
    present: Intervals  # P
    bridged_gaps: Intervals  # P* - P
    audio_only: Intervals
    camera_off: Intervals  # C
    excluded: Intervals  # M
    qualified: Intervals  # Q
    strict: Intervals  # Qs
    lost: Intervals = field(default_factory=Intervals)  # to an earlier session, step 6

    @property
    def present_bridged(self) -> Intervals:
        """Presence with the closed gaps, `P*`."""
        return self.present | self.bridged_gaps


def qualify(patient: PatientEvidence, held: Held, terms: CreditTerms, as_of: Instant) -> Qualified:
    """Find the seconds of a patient that qualify in a session taken by itself."""
    present = patient.presence.before(as_of)
    gaps = closed_gaps(present, terms)
    audio_only = patient.audio_only.before(as_of)
    camera_off = (patient.camera_off.before(as_of) - held.breaks).longer_than(terms.camera_off_tolerance_sec)
    excluded = _excluded(audio_only, camera_off, terms)
    return Qualified(
        lobby_at=patient.lobby_at if patient.lobby_at is not None and patient.lobby_at <= as_of else None,
        present=present,
        bridged_gaps=gaps,
        audio_only=audio_only,
        camera_off=camera_off,
        excluded=excluded,
        qualified=((present | gaps) & held.window & held.led_bridged) - held.breaks - excluded,
        strict=(present & held.window & held.led) - held.breaks - excluded,
    )


def closed_gaps(present: Intervals, terms: CreditTerms) -> Intervals:
    """Choose the gaps that are bridged; one that is not does not stop later ones from being considered."""
    closed: list[Pair] = []
    seconds = 0
    for start, end in present.gaps():
        length = end - start
        if (
            length <= terms.rejoin_bridge_sec
            and len(closed) < terms.bridge_max_count
            and seconds + length <= terms.bridge_cap_sec
        ):
            closed.append((start, end))
            seconds += length
    return Intervals(tuple(closed))


def _excluded(audio_only: Intervals, camera_off: Intervals, terms: CreditTerms) -> Intervals:
    excluded = Intervals()
    if terms.audio_only_policy is AudioOnlyPolicy.DENY:
        excluded |= audio_only
    if terms.camera_policy is CameraPolicy.CREDIT:
        excluded |= camera_off
    return excluded


def remove_overlap(by_session: Mapping[str, Qualified]) -> dict[str, Qualified]:
    """Let the session keep a second in which the patient's presence started first (ties: smaller id).

    The keys are session ids; sessions cancelled by the program must not be among them.
    """
    result = dict(by_session)
    taken = Intervals()
    for session_id in _in_order_of_presence(by_session):
        one = by_session[session_id]
        # Nothing of this or a later session lies before its first presence: forgetting keeps this linear.
        taken = taken.since(one.present.start)
        lost = one.qualified & taken
        if lost:
            one = replace(one, qualified=one.qualified - taken, strict=one.strict - taken, lost=lost)
            result[session_id] = one
        taken |= one.qualified
    return result


def _in_order_of_presence(by_session: Mapping[str, Qualified]) -> Sequence[str]:
    present = [session_id for session_id, one in by_session.items() if one.present]
    return sorted(present, key=lambda session_id: (by_session[session_id].present.start, session_id))

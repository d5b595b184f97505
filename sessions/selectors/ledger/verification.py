"""Whether what is stored of a session is what was observed, signed and decided: everything is read anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sessions.models import AttendanceRecord, GroupSession, PresenceEvent, SessionState, SignOff
from sessions.rules import EvidenceError
from sessions.rules.crediting.credit import InvariantBroken
from sessions.rules.document.export import ExportError
from sessions.rules.presence.facts import Fact, FactError, FactKind
from sessions.rules.presence.routine import RoutineReader
from sessions.selectors.ledger.computed import COMPUTED, computed_values
from sessions.selectors.ledger.evidence import gather, result_of
from sessions.selectors.ledger.facts import web_boot
from sessions.selectors.signing.roster import corrections_in_force, roster_hash
from telehealth.core import hashchain

_TERMS = ("terms_id", "track_terms_id")


@dataclass(slots=True)
class Verified:
    """What was looked at in one session, and what does not fit, the first of each kind first."""

    facts: int = 0
    sign_offs: int = 0
    records: int = 0
    faults: tuple[str, ...] = ()


def verify_session(group_session_id: UUID, *, at: datetime) -> Verified:
    """Walk a session's chain, check its signatures and compute every final record from all of its facts."""
    found = Verified()
    # What the end of the chain must reach is read before the chain: both grow while a room is open.
    group_session = GroupSession.objects.with_people().filter(pk=group_session_id).first()
    if group_session is None:
        found.faults = ("there is no such session",)
        return found
    named = _named_heads(group_session_id)
    found.faults = (
        *_chain_faults(group_session, named, found),
        *_signature_faults(group_session_id, found),
        *_credit_faults(group_session, found, at=at),
    )
    return found


def _named_heads(group_session_id: UUID) -> set[str]:
    """Give the facts that records and signatures say they come from."""
    records = AttendanceRecord.objects.filter(group_session=group_session_id)
    sign_offs = SignOff.objects.filter(group_session=group_session_id)
    return {
        *records.values_list("chain_head", flat=True),
        *sign_offs.values_list("chain_head", flat=True),
    } - {hashchain.GENESIS}


def _chain_faults(group_session: GroupSession, named: set[str], found: Verified) -> Iterator[str]:
    """Walk the chain; after its first fault nothing of it can be relied on."""
    head, reader, decided = hashchain.GENESIS, RoutineReader(), 0
    own_boot = web_boot(group_session.pk)
    rows = PresenceEvent.objects.filter(group_session=group_session).order_by("id")
    for row in rows.iterator(chunk_size=2000):
        if hashchain.verify([row.link()], start=head) is not None:
            yield f"fact {row} does not fit"
            return
        if not reader.is_routine(_as_fact(row)) and row.is_routine:
            yield f"fact {row} is hidden from credit"
            return
        head = row.row_hash
        named.discard(head)
        found.facts += 1
        decided += row.source_boot == own_boot
    is_short = decided < group_session.fact_seq
    if is_short or named or (group_session.state_enum.is_final and decided != group_session.fact_seq):
        yield "facts are missing at the end" if is_short or named else "facts were added that nobody decided"


def _as_fact(row: PresenceEvent) -> Fact:
    return Fact(
        row.source_boot,
        row.seq,
        FactKind(row.kind),
        row.at,
        str(row.participant) if row.participant else None,
        str(row.connection) if row.connection else None,
        row.data,
    )


def _signature_faults(group_session_id: UUID, found: Verified) -> Iterator[str]:
    for number, row in enumerate(
        SignOff.objects.filter(group_session=group_session_id).order_by("number"), 1
    ):
        found.sign_offs += 1
        if row.number != number:
            yield f"signature {number} is missing"
            return
        if roster_hash(row.roster) != row.roster_hash:
            yield f"signature {number} does not fit its roster"
            return


def _credit_faults(group_session: GroupSession, found: Verified, *, at: datetime) -> Iterator[str]:
    """Compare stored with computed minutes; what is still to be computed anew is not compared."""
    stored = {one.patient_id: one for one in AttendanceRecord.objects.filter(group_session=group_session)}
    is_over = group_session.state == SessionState.ENDED and group_session.opened_at is not None
    is_settled = is_over and not group_session.is_attendance_due
    if not is_settled or not all(one.is_final for one in stored.values()):
        return
    found.records = len(stored)
    try:
        gathered = gather(group_session, at=at, every=True)
        values = computed_values(result_of(gathered.evidence, group_session.pk))
    except (EvidenceError, ExportError, FactError, InvariantBroken) as error:
        yield f"credit cannot be computed from the facts ({type(error).__name__})"
        return
    corrections = corrections_in_force(group_session.pk)
    for patient_id in sorted({*stored, *values}):
        record, expected = stored.get(patient_id), values.get(patient_id)
        if record is None or expected is None:
            yield f"patient {patient_id}: " + (
                "has no record" if record is None else "is not in the evidence"
            )
            continue
        own = gathered.own_terms.get(patient_id)
        own_terms = None if own is None or own.enrollment_terms is None else own.enrollment_terms.pk
        correction = corrections.get(patient_id)
        adjusted = None if correction is None else correction.new_min
        differing = [
            *(name for name in COMPUTED if getattr(record, name) != expected[name]),
            *(name for name in _TERMS if getattr(record, name) != getattr(group_session, name)),
            *(["enrollment_terms_id"] if record.enrollment_terms_id != own_terms else []),
            *(["adjusted_min"] if record.adjusted_min != adjusted else []),
        ]
        if differing:
            yield f"patient {patient_id}: {', '.join(differing)} not as computed"

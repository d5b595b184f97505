"""Corrections lie over computed minutes: reasoned, limited, and above 15 minutes never one person's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from sessions.models import (
    AttendanceRecord,
    Correction,
    CorrectionDecision,
    CorrectionReason,
    GroupSession,
    ServiceType,
)
from sessions.selectors import week_of
from sessions.services.recording import attendance
from sessions.services.signing.corrections import (
    approve_correction,
    lay_over,
    refuse_correction,
    withdraw_correction,
)
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, NotFound, NotReady
from tests.cast import Cast
from tests.factories import fresh

from ..pages.stories import ny
from .desk import DAY, ENDED, HOUR, SOON, approve, ask, example_b, proof, record_of, supervise

pytestmark = pytest.mark.django_db
OUTAGE = CorrectionReason.PLATFORM_OUTAGE


def error_of(refusal: pytest.ExceptionInfo[Exception]) -> str:
    return str(refusal.value)


def test_fifteen_minutes_take_effect_on_the_clinicians_word_alone(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 169)
    record = record_of(cast, group)
    assert (record.credited_min, record.decided_min, record.decided_hours_min) == (154, 169, 169)
    # What was observed cannot become more billable than it was.
    assert record.decided_billable_min == 153
    decision = CorrectionDecision.objects.get(correction=made)
    assert (decision.outcome, decision.decided_by) == ("approved", cast.therapist)
    assert (made.old_min, made.new_min, made.needs_second_person) == (154, 169, False)
    assert AuditEvent.objects.get(action="attendance.correction_approved").data["new_min"] == 169


def test_a_correction_counts_in_the_week(cast: Cast) -> None:
    group = example_b(cast)
    ask(cast, group, 169)
    row = week_of(cast.record_of(cast.patient), cast.program, SOON)
    assert row is not None
    assert row.hours_min == 169


def test_worked_example_q_needs_a_second_person(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180)
    assert made.needs_second_person
    assert record_of(cast, group).decided_min == 154
    approve(cast, made)
    assert record_of(cast, group).decided_min == 180
    with pytest.raises(Conflict) as above:
        ask(cast, group, 181)
    assert error_of(above) == "above_countable"


def test_small_steps_do_not_add_up_to_what_one_person_may_not_do(cast: Cast) -> None:
    group = example_b(cast)
    ask(cast, group, 169)
    assert ask(cast, group, 170).needs_second_person
    assert record_of(cast, group).decided_min == 169


def test_from_what_two_people_agreed_on_one_may_move_again(cast: Cast) -> None:
    group = example_b(cast)
    approve(cast, ask(cast, group, 175))
    assert not ask(cast, group, 165).needs_second_person
    assert record_of(cast, group).decided_min == 165


def test_minutes_may_be_taken_away_too(cast: Cast) -> None:
    group = example_b(cast)
    approve(cast, ask(cast, group, 0, reason=CorrectionReason.WRONG_PERSON))
    record = record_of(cast, group)
    assert (record.decided_min, record.decided_hours_min, record.decided_billable_min) == (0, 0, 0)


def test_whoever_did_not_lead_changes_nothing_alone(cast: Cast) -> None:
    group = example_b(cast)
    for person in (cast.case_manager, cast.admin):
        made = ask(cast, group, 155, actor=person)
        assert made.needs_second_person
        withdraw_correction(actor=person, correction_id=made.pk, at=SOON)
    assert record_of(cast, group).decided_min == 154


def test_strangers_ask_for_nothing(cast: Cast) -> None:
    group = example_b(cast)
    for person in (cast.covering_therapist, cast.other_therapist, cast.auditor, cast.patient):
        with pytest.raises(Denied):
            ask(cast, group, 155, actor=person)


def test_nobody_approves_their_own_request(cast: Cast) -> None:
    group = example_b(cast)
    mine = ask(cast, group, 180, actor=cast.admin)
    with pytest.raises(Denied) as refusal:
        approve(cast, mine)
    assert error_of(refusal) == "own_correction"
    supervisor = supervise(cast, cast.therapist)
    approve(cast, mine, actor=supervisor)
    own = ask(cast, group, 150)
    with pytest.raises(Denied):
        approve(cast, own, actor=supervisor)


def test_only_administrators_and_supervisors_of_the_program_decide(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180)
    for person in (
        cast.case_manager,
        cast.covering_therapist,
        cast.other_therapist,
        cast.auditor,
        cast.patient,
    ):
        with pytest.raises(Denied):
            approve(cast, made, actor=person)
        with pytest.raises(Denied):
            refuse_correction(actor=person, correction_id=made.pk, note="No", at=SOON)
    supervise(cast, cast.other_therapist)
    with pytest.raises(Denied):
        approve(cast, made, actor=cast.other_therapist)
    approve(cast, made, actor=supervise(cast, cast.covering_therapist))


def test_a_refusal_says_why_and_changes_nothing(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180)
    with pytest.raises(Conflict):
        refuse_correction(actor=cast.admin, correction_id=made.pk, note=" ", at=SOON)
    refuse_correction(actor=cast.admin, correction_id=made.pk, note="No call log", at=SOON)
    assert record_of(cast, group).adjusted_min is None
    with pytest.raises(Conflict) as again:
        approve(cast, made)
    assert error_of(again) == "correction_decided"


def test_only_who_asked_takes_it_back(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180)
    with pytest.raises(Denied):
        withdraw_correction(actor=cast.admin, correction_id=made.pk, at=SOON)
    withdraw_correction(actor=cast.therapist, correction_id=made.pk, at=SOON)
    assert record_of(cast, group).adjusted_min is None
    assert not ask(cast, group, 160).needs_second_person


def test_one_request_at_a_time_waits_for_each_patient(cast: Cast) -> None:
    group = example_b(cast)
    ask(cast, group, 180)
    with pytest.raises(Conflict) as refusal:
        ask(cast, group, 160)
    assert error_of(refusal) == "correction_pending"
    ask(cast, group, 170, patient=cast.more_patients[0])


def test_a_request_that_the_minutes_have_overtaken_is_not_approved(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180)
    AttendanceRecord.objects.filter(pk=record_of(cast, group).pk).update(credited_min=150)
    with pytest.raises(Conflict) as refusal:
        approve(cast, made)
    assert error_of(refusal) == "minutes_moved_on"


def test_words_are_required_and_evidence_where_the_reason_rests_on_it(cast: Cast) -> None:
    group = example_b(cast)
    for reason, changed, error in (
        (CorrectionReason.OTHER, {"narrative": " "}, "narrative_missing"),
        (CorrectionReason.PHONE_BRIDGE, {"evidence": ""}, "evidence_missing"),
        (OUTAGE, {"evidence": " ", "proof": proof(SOON)}, "evidence_missing"),
    ):
        with pytest.raises(Conflict) as refusal:
            ask(cast, group, 160, reason=reason, **changed)
        assert error_of(refusal) == error
    assert ask(cast, group, 160, evidence="").evidence == ""


@pytest.mark.parametrize("new_min", [154, -1])
def test_a_correction_corrects_something(cast: Cast, new_min: int) -> None:
    group = example_b(cast)
    with pytest.raises(Conflict):
        ask(cast, group, new_min)


def test_minutes_that_are_not_final_are_not_corrected(cast: Cast) -> None:
    group = example_b(cast)
    AttendanceRecord.objects.filter(pk=record_of(cast, group).pk).update(is_final=False)
    with pytest.raises(NotReady):
        ask(cast, group, 160)


def test_a_cancelled_session_is_not_corrected(cast: Cast) -> None:
    group = example_b(cast)
    GroupSession.objects.filter(pk=group.pk).update(state="CANCELLED")
    with pytest.raises(Conflict) as refusal:
        ask(cast, group, 160)
    assert error_of(refusal) == "cancelled"


def test_a_patient_without_attendance_has_nothing_to_correct(cast: Cast) -> None:
    group = example_b(cast)
    with pytest.raises(NotFound):
        ask(cast, group, 10, patient=cast.patient_off_roster)


@pytest.mark.parametrize(("after", "late"), [(72 * HOUR, False), (72 * HOUR + timedelta(seconds=1), True)])
def test_what_is_entered_after_three_days_is_marked(cast: Cast, after: timedelta, late: bool) -> None:
    group = example_b(cast)
    assert ask(cast, group, 160, ENDED + after).is_late_entry is late


def test_an_outage_is_credited_by_the_clinicians_signature_only(cast: Cast) -> None:
    group = example_b(cast)
    with pytest.raises(NotReady) as refusal:
        ask(cast, group, 160, reason=OUTAGE)
    assert error_of(refusal) == "proof_needed"
    for person in (cast.case_manager, cast.admin):
        with pytest.raises(Denied) as denied:
            ask(cast, group, 160, actor=person, reason=OUTAGE, proof=proof(SOON))
        assert error_of(denied) == "outage_needs_clinician"
    made = ask(cast, group, 160, reason=OUTAGE, proof=proof(SOON))
    assert record_of(cast, group).decided_min == 160
    event = AuditEvent.objects.get(action="attendance.correction_requested", subject_id=str(made.pk))
    assert event.data["method"] == "password"


def test_a_large_outage_is_signed_by_the_second_person_as_well(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180, reason=OUTAGE, proof=proof(SOON))
    with pytest.raises(NotReady):
        approve(cast, made)
    approve(cast, made, proof=proof(SOON))
    assert record_of(cast, group).decided_min == 180


def test_time_that_another_session_credits_is_refused(cast: Cast) -> None:
    """Worked example O: case management from 10:00 to 10:30, while the group credits the patient."""
    group = example_b(cast)
    other = GroupSession.objects.get(pk=group.pk)
    other.pk, other._state.adding = None, True
    other.service_type, other.title = ServiceType.CASE_MANAGEMENT, "Case management"
    other.opened_at, other.ended_at = ny("10:00"), ny("10:30")
    other.facilitator = cast.therapist
    other.save(force_insert=True)
    record = record_of(cast, group)
    AttendanceRecord.objects.create(
        group_session=other,
        patient=record.patient,
        service_date=record.service_date,
        qualified_seconds=0,
        strict_seconds=0,
        credited_min=0,
        billable_min=0,
        hours_min=0,
        ratio=0,
        status="NO_SHOW",
        timeline=[{"from": "2026-03-03T15:00:00Z", "to": "2026-03-03T15:30:00Z", "kind": "absent"}],
        terms=record.terms,
        chain_head=record.chain_head,
        as_of=record.as_of,
        is_final=True,
        computed_at=record.computed_at,
    )
    with pytest.raises(Conflict) as refusal:
        ask(cast, other, 30)
    # The bridged drop is credited as well; nothing of the half hour is free.
    assert (error_of(refusal), "0 minutes" in refusal.value.text) == ("credited_elsewhere", True)
    ask(cast, group, 0, reason=CorrectionReason.WRONG_PERSON)
    approve(cast, Correction.objects.get(new_min=0))
    ask(cast, other, 30)
    approve(cast, Correction.objects.get(new_min=30))
    assert (record_of(cast, other).decided_min, record_of(cast, other).decided_hours_min) == (30, 0)


def test_a_new_computation_leaves_corrections_alone(cast: Cast) -> None:
    group = example_b(cast)
    ask(cast, group, 160)
    attendance.recompute(group.pk, at=SOON + DAY)
    record = record_of(cast, group)
    assert (record.credited_min, record.adjusted_min) == (154, 160)


def test_what_stands_follows_from_the_rows_and_can_be_derived_anew(cast: Cast) -> None:
    group = example_b(cast)
    ask(cast, group, 160)
    ask(cast, group, 158)
    record = record_of(cast, group)
    record.adjusted_min = record.adjusted_hours_min = None
    record.save(update_fields=["adjusted_min", "adjusted_hours_min"])
    lay_over(record)
    assert (record.adjusted_min, record.adjusted_hours_min) == (158, 158)


def test_corrections_and_decisions_cannot_be_changed(cast: Cast) -> None:
    ask(cast, example_b(cast), 160)
    for model in (Correction, CorrectionDecision):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Correction.objects.update(new_min=180)


def test_audit_data_holds_ids_and_closed_words_only(cast: Cast) -> None:
    group = example_b(cast)
    approve(cast, ask(cast, group, 180, narrative="Jordan cried", evidence="Call log 12"), note="Fine by me")
    text = " ".join(str(event.data) for event in AuditEvent.objects.all())
    assert not any(words in text for words in ("Jordan", "Call log", "Fine by me", "Example"))
    assert fresh(group).roster_state == "COMPUTED"


def test_there_is_no_such_correction(cast: Cast) -> None:
    with pytest.raises(NotFound):
        approve_correction(actor=cast.admin, correction_id=cast.program.pk, at=SOON)

"""A patient objects within a week, and the program answers; neither can be taken out again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from sessions.models import AttendanceRecord, Dispute, DisputeAnswer, DisputeOutcome
from sessions.selectors.signing.disputes import dispute_list, open_disputes
from sessions.services.signing.disputes import answer_dispute, raise_dispute
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError, NotFound, NotReady
from tests.cast import Cast

from .desk import DAY, ENDED, HOUR, SOON, approve, ask, example_b, object_to, record_of, supervise

pytestmark = pytest.mark.django_db


def answer(
    cast: Cast, dispute: Dispute, actor: User, outcome: str = "upheld", **changed: object
) -> DisputeAnswer:
    arguments = {"text": "You left at 12:09; the door log agrees.", "correction_id": None, **changed}
    return answer_dispute(
        actor=actor,
        dispute_id=dispute.pk,
        outcome=DisputeOutcome(outcome),
        at=SOON + HOUR,
        **arguments,  # type: ignore[arg-type]
    )


def test_an_objection_keeps_what_stood_and_the_patients_words(cast: Cast) -> None:
    group = example_b(cast)
    dispute = object_to(cast, group)
    assert (dispute.credited_min, dispute.text, dispute.raised_by) == (154, "I was there.", cast.patient)
    event = AuditEvent.objects.get(action="attendance.dispute_raised")
    assert "I was there" not in str(event.data)


def test_an_objection_comes_within_a_week_of_the_end_or_of_the_last_correction(cast: Cast) -> None:
    group = example_b(cast)
    object_to(cast, group, ENDED + 7 * DAY)
    answer(cast, Dispute.objects.get(), cast.admin)
    with pytest.raises(Conflict) as refusal:
        object_to(cast, group, ENDED + 7 * DAY + timedelta(seconds=1))
    assert refusal.value.error == "dispute_too_late"
    ask(cast, group, 150, ENDED + 9 * DAY)
    object_to(cast, group, ENDED + 16 * DAY)


def test_an_objection_needs_words_and_final_minutes(cast: Cast) -> None:
    group = example_b(cast)
    with pytest.raises(Conflict):
        object_to(cast, group, text="  ")
    AttendanceRecord.objects.filter(pk=record_of(cast, group).pk).update(is_final=False)
    with pytest.raises(NotReady):
        object_to(cast, group)


def test_one_objection_at_a_time_waits(cast: Cast) -> None:
    group = example_b(cast)
    first = object_to(cast, group)
    with pytest.raises(Conflict):
        object_to(cast, group)
    answer(cast, first, cast.therapist)
    object_to(cast, group, text="The log is wrong.")


def test_nobody_objects_for_somebody_else(cast: Cast) -> None:
    group = example_b(cast)
    for person in (cast.patient_off_roster, cast.other_patient, cast.therapist, cast.admin):
        with pytest.raises(DomainError) as refusal:
            raise_dispute(actor=person, group_session_id=group.pk, text="Not mine", at=SOON)
        assert isinstance(refusal.value, Denied | NotFound)


def test_clinician_administrators_and_supervisors_answer_and_nobody_else(cast: Cast) -> None:
    group = example_b(cast)
    dispute = object_to(cast, group)
    for person in (
        cast.case_manager,
        cast.covering_therapist,
        cast.other_therapist,
        cast.auditor,
        cast.patient,
    ):
        with pytest.raises(Denied):
            answer(cast, dispute, person)
    made = answer(cast, dispute, supervise(cast, cast.covering_therapist))
    assert (made.outcome, made.answered_by) == ("upheld", cast.covering_therapist)
    with pytest.raises(Conflict):
        answer(cast, dispute, cast.admin)


def test_an_answer_needs_words(cast: Cast) -> None:
    dispute = object_to(cast, example_b(cast))
    with pytest.raises(Conflict):
        answer(cast, dispute, cast.admin, text=" ")


def test_corrected_names_a_correction_of_these_minutes_made_since(cast: Cast) -> None:
    group = example_b(cast)
    before = ask(cast, group, 150, SOON - timedelta(minutes=10))
    dispute = object_to(cast, group)
    pending = ask(cast, group, 180)
    for one in (None, before.pk, pending.pk):
        with pytest.raises(Conflict) as refusal:
            answer(cast, dispute, cast.admin, "corrected", correction_id=one)
        assert refusal.value.error == "correction_missing"
    approve(cast, pending)
    made = answer(cast, dispute, cast.admin, "corrected", correction_id=pending.pk)
    assert made.correction == pending


def test_objections_and_answers_are_never_deleted(cast: Cast) -> None:
    answer(cast, object_to(cast, example_b(cast)), cast.admin)
    for model in (Dispute, DisputeAnswer):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all().delete()
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.update(text="Never mind")


def test_open_objections_are_seen_by_clinician_and_administrators(cast: Cast) -> None:
    object_to(cast, example_b(cast))
    assert [open_disputes(person, SOON) for person in (cast.therapist, cast.admin)] == [1, 1]
    assert dispute_list(cast.covering_therapist, SOON) == ()
    assert dispute_list(cast.other_therapist, SOON) == ()
    assert len(dispute_list(supervise(cast, cast.covering_therapist), SOON)) == 1
    for person in (cast.case_manager, cast.auditor, cast.patient):
        with pytest.raises(NotFound):
            dispute_list(person, SOON)

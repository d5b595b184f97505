"""Deciding how an absence counts: who may, what is refused, and that no minute comes of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sessions.models import AbsenceDecision, AbsenceKind, AbsenceReason, AttendanceRecord, GroupSession
from sessions.selectors.weekly.absences import UNDECIDED, AbsenceFilters, absence_list, absence_page
from sessions.selectors.weekly.weeks import week_of
from sessions.services.weekly.absences import decide_absence
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError, NotFound
from tests.cast import Cast

from .held import hold, plan

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 3, 3)


def missed(cast: Cast) -> GroupSession:
    return hold(plan(cast, TUESDAY, cast.patient, *cast.more_patients), patient2=180, patient3=180)


def decide(cast: Cast, group: GroupSession, **changes: Any) -> AbsenceDecision:
    values = {
        "actor": cast.therapist,
        "group_session_id": group.pk,
        "patient_id": cast.record_of(cast.patient).pk,
        "kind": AbsenceKind.EXCUSED,
        "reason": AbsenceReason.ILLNESS,
        "at": cast.at,
        **changes,
    }
    return decide_absence(**values)


def test_the_newest_decision_stands_and_none_adds_minutes(cast: Cast) -> None:
    group, patient = missed(cast), cast.record_of(cast.patient)
    before = week_of(patient, cast.program, cast.at)
    decide(cast, group, note="Called in the morning", noticed_at=cast.at - timedelta(hours=30))
    decide(
        cast,
        group,
        actor=cast.admin,
        kind=AbsenceKind.UNEXCUSED,
        reason=AbsenceReason.NO_CONTACT,
        at=cast.at + timedelta(hours=1),
    )
    page = absence_page(cast.admin, group.pk, patient.pk, cast.at)
    assert (page.absence.kind, page.absence.decided_by) == (AbsenceKind.UNEXCUSED, cast.admin.full_name)
    assert [one.kind for one in page.decisions] == ["UNEXCUSED", "EXCUSED"]
    assert week_of(patient, cast.program, cast.at) == before
    assert AttendanceRecord.objects.get(group_session=group, patient=patient).decided_min == 0


def test_the_trail_holds_closed_words_and_no_note(cast: Cast) -> None:
    group = missed(cast)
    decide(cast, group, note="Grandmother's funeral", reason=AbsenceReason.BEREAVEMENT)
    event = AuditEvent.objects.get(action="attendance.absence_decided")
    assert event.data == {
        "patient": str(cast.record_of(cast.patient).pk),
        "kind": "EXCUSED",
        "reason": "bereavement",
    }


@pytest.mark.parametrize("who", ["patient", "auditor", "system_admin", "other_therapist", "other_patient"])
def test_only_the_programs_carers_decide(cast: Cast, who: str) -> None:
    group = missed(cast)
    with pytest.raises(Denied) as refusal:
        decide(cast, group, actor=getattr(cast, who))
    assert refusal.value.error == "not_a_carer"


@pytest.mark.parametrize("who", ["therapist", "covering_therapist", "case_manager", "admin"])
def test_clinicians_case_managers_and_administrators_may(cast: Cast, who: str) -> None:
    assert decide(cast, missed(cast), actor=getattr(cast, who)).decided_by == getattr(cast, who)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"reason": AbsenceReason.NO_CONTACT}, "reason_excuses_nothing"),
        ({"reason": AbsenceReason.LATE_CANCEL}, "reason_excuses_nothing"),
        ({"reason": AbsenceReason.OTHER, "note": "  "}, "note_missing"),
        ({"kind": AbsenceKind.UNEXCUSED, "reason": AbsenceReason.LATE_CANCEL}, "notice_missing"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(cast: Cast, changes: dict[str, Any], error: str) -> None:
    with pytest.raises(DomainError) as refusal:
        decide(cast, missed(cast), **changes)
    assert refusal.value.error == error
    assert not AbsenceDecision.objects.exists()


def test_notice_comes_before_now_and_not_without_contact(cast: Cast) -> None:
    group = missed(cast)
    with pytest.raises(DomainError) as refusal:
        decide(cast, group, noticed_at=cast.at + timedelta(minutes=1))
    assert refusal.value.error == "notice_in_future"
    with pytest.raises(DomainError) as refusal:
        decide(
            cast,
            group,
            kind=AbsenceKind.UNEXCUSED,
            reason=AbsenceReason.NO_CONTACT,
            noticed_at=cast.at - timedelta(hours=1),
        )
    assert refusal.value.error == "notice_without_contact"


def test_who_came_or_was_not_expected_has_no_absence(cast: Cast) -> None:
    group = missed(cast)
    for person in (cast.more_patients[0], cast.patient_off_roster):
        with pytest.raises(Conflict) as refusal:
            decide(cast, group, patient_id=cast.record_of(person).pk)
        assert refusal.value.error == "not_absent"
    with pytest.raises(Conflict):
        decide(cast, cast.group_session)


def test_who_was_credited_by_a_correction_was_not_absent(cast: Cast) -> None:
    group = missed(cast)
    AttendanceRecord.objects.filter(group_session=group, hours_min=0).update(
        adjusted_min=60, adjusted_hours_min=60
    )
    with pytest.raises(Conflict):
        decide(cast, group)
    assert absence_list(cast.admin, AbsenceFilters(), cast.at).total == 0


def test_the_list_is_narrowed_by_kind_and_days(cast: Cast) -> None:
    group = missed(cast)
    hold(plan(cast, TUESDAY - timedelta(days=1), cast.patient), **{})

    def dates(**filters: Any) -> list[date]:
        return [
            row.service_date
            for row in absence_list(cast.case_manager, AbsenceFilters(**filters), cast.at).rows
        ]

    monday = TUESDAY - timedelta(days=1)
    assert dates() == [TUESDAY, monday]
    decide(cast, group)
    assert dates(kind="EXCUSED") == [TUESDAY]
    assert dates(kind=UNDECIDED) == [monday]
    assert dates(kind="UNEXCUSED") == []
    assert dates(from_on=TUESDAY) == [TUESDAY]
    assert dates(to_on=monday) == [monday]
    assert absence_list(cast.admin, AbsenceFilters(), cast.at).undecided == 1


def test_nobody_sees_absences_of_another_program(cast: Cast) -> None:
    group = missed(cast)
    assert absence_list(cast.other_therapist, AbsenceFilters(), cast.at).rows == ()
    with pytest.raises(NotFound):
        absence_page(cast.other_therapist, group.pk, cast.record_of(cast.patient).pk, cast.at)
    with pytest.raises(NotFound):
        absence_list(cast.patient, AbsenceFilters(), cast.at)

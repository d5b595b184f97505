"""Credit terms in the browser: what holds, new versions after a look, tracks, one patient's own terms."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

import pytest

from sessions.models import GroupSession
from sessions.services.conditions.terms import set_terms
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.enrollment.models import EnrollmentTerms
from telehealth.programs.models import CreditTerms, Track
from telehealth.programs.services import create_track
from tests.cast import Cast
from tests.sessions.pages.browsing import Browser, words
from tests.sessions.pages.planning import one, planned, weekly

pytestmark = pytest.mark.django_db

# The cast stands on Wednesday 2026-03-04; program weeks begin on Sundays.
NEXT_WEEK = date(2026, 3, 8)
FIELDS = {"name": "Strict", "effective_on": "2026-03-04", "rejoin_bridge_sec": "0", "break_counts": "false"}


def admin(cast: Cast) -> Browser:
    return Browser(cast.admin, cast.at)


def evening(cast: Cast) -> Track:
    return create_track(actor=cast.admin, program=cast.program, name="Evening", at=cast.at)


def test_page_says_what_holds_and_where_it_comes_from(cast: Cast) -> None:
    track = evening(cast)
    for place, parameters in ((None, {"group_max": 9}), (track, {"rejoin_bridge_sec": 0})):
        set_terms(
            actor=cast.admin,
            program=cast.program,
            track=place,
            name="Spring",
            parameters=parameters,
            effective_on=date(2026, 3, 4),
            at=cast.at,
        )
    text = admin(cast).read("sessions:terms")
    assert "Largest group 9 patients set by the program; the default is 12 patients" in text
    assert "Longest drop that is bridged 0 seconds set by the track; the default is 2 minutes" in text
    assert "Track Evening" in text
    assert "Spring, version 3, in force since March 4, 2026" in text
    assert "New terms" in text


def test_auditor_reads_the_terms_and_changes_none(cast: Cast) -> None:
    track, auditor = evening(cast), Browser(cast.auditor, cast.at)
    assert "New terms" not in auditor.read("sessions:terms")
    assert "Add a track" not in auditor.read("sessions:tracks")
    for name, ids in (
        ("sessions:terms_new", ()),
        ("sessions:track_end", (track.pk,)),
        ("sessions:what_if", ()),
    ):
        assert auditor.get(name, *ids).status_code == HTTPStatus.FORBIDDEN


def test_new_terms_are_shown_beside_the_old_before_they_are_set(cast: Cast) -> None:
    browser = admin(cast)
    answer = browser.post("sessions:terms_new", step="review", **FIELDS)
    text = words(answer)
    assert "Longest drop that is bridged2 minutes0 seconds" in text
    assert "Breaks count" not in text  # what stays the same is not listed
    assert "Apply them also to the one session planned from that day on that have not begun" in text
    assert CreditTerms.objects.count() == 2  # one for each program: nothing is set by looking
    browser.post("sessions:terms_new", step="save", **FIELDS)
    made = CreditTerms.objects.get(program=cast.program, version=2)
    assert made.parameters == {"rejoin_bridge_sec": 0, "break_counts": False}
    assert GroupSession.objects.get(pk=cast.group_session.pk).terms.version == 1


def test_planned_sessions_follow_only_when_the_box_is_ticked(cast: Cast) -> None:
    admin(cast).post("sessions:terms_new", step="save", also_planned="on", **FIELDS)
    assert GroupSession.objects.get(pk=cast.group_session.pk).terms.version == 2
    event = AuditEvent.objects.get(action=AuditAction.CREDIT_TERMS_SET)
    assert event.data["planned_sessions_changed"] == 1


def test_going_back_from_the_review_keeps_what_was_typed(cast: Cast) -> None:
    answer = admin(cast).post("sessions:terms_new", step="edit", **FIELDS)
    assert 'value="Strict"' in answer.content.decode()
    assert "Look at the differences" in words(answer)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"effective_on": "2026-03-03"}, "This day is too early"),
        ({"rejoin_bridge_sec": "-1"}, "greater than or equal to 0"),
        ({"min_presence_ratio": "1.5"}, "less than or equal to 1"),
        ({"camera_policy": "generous"}, "not one of the available choices"),
        ({"name": ""}, "This field is required"),
        ({"pack": "made_up"}, "There is no such pack of terms"),
    ],
)
def test_impossible_terms_are_refused_beside_the_form(cast: Cast, changes: dict[str, str], said: str) -> None:
    answer = admin(cast).post("sessions:terms_new", step="save", **{**FIELDS, **changes})
    assert said in words(answer)
    assert not CreditTerms.objects.filter(program=cast.program, version=2).exists()


def test_form_begins_from_a_pack_or_a_version(cast: Cast) -> None:
    browser = admin(cast)
    page = browser.get("sessions:terms_new", **{"from": "clinical_hour_50"}).content.decode()
    assert 'name="per_diem_min_minutes" value="150"' in page
    assert "Minutes are never inflated" in page
    browser.post("sessions:terms_new", step="save", **FIELDS)
    version = CreditTerms.objects.get(program=cast.program, version=2)
    page = browser.get("sessions:terms_new", **{"from": str(version.pk)}).content.decode()
    assert 'name="rejoin_bridge_sec" value="0"' in page


def test_terms_of_another_program_are_not_found(cast: Cast) -> None:
    browser = admin(cast)
    assert browser.get("sessions:terms_new", program=str(cast.other_program.pk)).status_code == 404
    assert browser.get("sessions:terms_new", track="no-uuid").status_code == 404
    foreign = create_track(actor=cast.system_admin, program=cast.other_program, name="Night", at=cast.at)
    assert browser.get("sessions:terms_new", track=str(foreign.pk)).status_code == 404
    assert browser.get("sessions:track_end", foreign.pk).status_code == 404


def test_tracks_are_added_listed_and_ended(cast: Cast) -> None:
    browser = admin(cast)
    assert "There is no track yet" in browser.read("sessions:tracks")
    browser.post("sessions:track_new", program=str(cast.program.pk), name="Evening")
    again = browser.post("sessions:track_new", program=str(cast.program.pk), name=" evening ")
    assert "The program has a track of this name" in words(again)
    track = Track.objects.get()
    browser.post("sessions:track_end", track.pk, ended_on="2026-03-04")
    assert "ends Mar 4, 2026" in browser.read("sessions:tracks")
    late = browser.post("sessions:track_end", track.pk, ended_on="2026-03-01")
    assert "today or later" in words(late)


def test_session_and_series_are_planned_in_a_track_with_its_terms(cast: Cast) -> None:
    track, browser = evening(cast), admin(cast)
    made = set_terms(
        actor=cast.admin,
        program=cast.program,
        track=track,
        name="Evening",
        parameters={"group_max": 6},
        effective_on=date(2026, 3, 4),
        at=cast.at,
    ).terms
    browser.post("sessions:new", **one(cast, track=str(track.pk)))
    browser.post("sessions:series_new", **weekly(cast, track=str(track.pk), title="Weekly"))
    for group_session in (*planned(), *planned("Weekly")):
        assert (group_session.track, group_session.track_terms) == (track, made)
    assert "Sessions ahead" in browser.read("sessions:tracks")
    listed = browser.read("sessions:list", show="all", track=str(track.pk))
    assert "Afternoon group" in listed
    assert "Group therapy, Evening" in listed
    assert "Morning group" not in listed


def test_patients_own_terms_start_with_a_week_and_only_say_what_one_patient_can(cast: Cast) -> None:
    browser, enrollment = admin(cast), cast.enrollment_of(cast.patient)
    page = browser.get("sessions:enrollment_terms_new", enrollment.pk).content.decode()
    assert 'name="per_diem_min_minutes"' in page
    assert 'name="group_max"' not in page  # decided for a whole room
    fields = {"name": "Payer X", "per_diem_min_minutes": "120"}
    midweek = browser.post(
        "sessions:enrollment_terms_new", enrollment.pk, step="review", effective_on="2026-03-10", **fields
    )
    assert "start with a program week, on a Sunday" in words(midweek)
    sunday = {"effective_on": NEXT_WEEK.isoformat(), **fields}
    looked = browser.post("sessions:enrollment_terms_new", enrollment.pk, step="review", **sunday)
    assert "Billable minutes that make a day180 minutes120 minutes" in words(looked)
    browser.post("sessions:enrollment_terms_new", enrollment.pk, step="save", **sunday)
    assert EnrollmentTerms.objects.get().parameters == {"per_diem_min_minutes": 120}
    assert "Payer X" in browser.read("sessions:enrollment_terms_new", enrollment.pk)


def test_patient_is_assigned_to_a_track_on_their_page(cast: Cast) -> None:
    track, browser, enrollment = evening(cast), admin(cast), cast.enrollment_of(cast.patient)
    browser.post("enrollment:assign_track", enrollment.pk, track=str(track.pk), effective_on="2026-03-04")
    text = browser.read("enrollment:patient", enrollment.patient_id)
    assert "TrackEvening" in text
    assert "Terms of this patient" in text
    again = browser.post(
        "enrollment:assign_track", enrollment.pk, track=str(track.pk), effective_on="2026-03-04"
    )
    assert "in this track already" in words(again)

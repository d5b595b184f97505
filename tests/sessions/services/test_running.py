"""Starting, pausing, ending; admitting, muting, removing: who may, when, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from sessions import events
from sessions.checks import ledger_is_guarded
from sessions.models import ParticipationState, PresenceEvent, SessionState
from sessions.services import room
from telehealth.audit.models import AuditEvent
from telehealth.core.append_only import suspended
from telehealth.core.errors import Conflict, Denied, NotFound, NotReady
from telehealth.enrollment.models import ConsentSignature
from telehealth.enrollment.services import revoke_signature
from tests.cast import Cast
from tests.factories import freeze_terms, fresh, heard, join, open_with, place_of

pytestmark = pytest.mark.django_db

ACTIONS: dict[str, Callable[..., Any]] = {
    "open": room.open_session,
    "end": room.end_session,
    "start_break": room.start_break,
    "end_break": room.end_break,
    "admit_all": room.admit_all,
}
ABOUT_SOMEBODY: dict[str, Callable[..., Any]] = {
    "admit": room.admit,
    "mute": room.mute,
    "readmit": room.readmit,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "who", ["patient", "other_therapist", "case_manager", "admin", "auditor", "system_admin"]
)
def test_only_therapists_of_the_program_run_a_room(cast: Cast, action: str, who: str) -> None:
    with pytest.raises(Denied) as refusal:
        ACTIONS[action](actor=getattr(cast, who), group_session_id=cast.group_session.pk, at=cast.at)
    assert refusal.value.error == "not_a_facilitator"
    assert fresh(cast.group_session).state == SessionState.SCHEDULED


@pytest.mark.parametrize("action", ABOUT_SOMEBODY)
def test_a_patient_moderates_nobody(cast: Cast, action: str) -> None:
    open_with(cast, cast.patient, *cast.more_patients, at=cast.at)
    with pytest.raises(Denied):
        ABOUT_SOMEBODY[action](
            actor=cast.patient,
            group_session_id=cast.group_session.pk,
            participant=cast.more_patients[0].pk,
            at=cast.at,
        )


def test_a_covering_colleague_may_start_and_end(cast: Cast) -> None:
    room.open_session(actor=cast.covering_therapist, group_session_id=cast.group_session.pk, at=cast.at)
    room.end_session(actor=cast.covering_therapist, group_session_id=cast.group_session.pk, at=cast.at)
    assert fresh(cast.group_session).state == SessionState.ENDED


def test_a_session_starts_once_and_not_before_its_waiting_room_opens(cast: Cast) -> None:
    pk, opens = cast.group_session.pk, cast.group_session.lobby_opens_at
    with pytest.raises(NotReady) as early:
        room.open_session(actor=cast.therapist, group_session_id=pk, at=opens - timedelta(seconds=1))
    assert early.value.error == "not_yet_open"
    room.open_session(actor=cast.therapist, group_session_id=pk, at=opens)
    with pytest.raises(Conflict):
        room.open_session(actor=cast.therapist, group_session_id=pk, at=opens)
    assert PresenceEvent.objects.filter(kind="opened").count() == 1


def test_a_session_cannot_be_started_after_its_time(cast: Cast) -> None:
    with pytest.raises(Conflict) as refusal:
        room.open_session(
            actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.group_session.scheduled_end
        )
    assert refusal.value.error == "ended"


@pytest.mark.parametrize("action", ["end", "start_break", "end_break", "admit_all"])
def test_nothing_is_run_in_a_session_that_has_not_started(cast: Cast, action: str) -> None:
    with pytest.raises(Conflict):
        ACTIONS[action](actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_is_run_in_a_session_that_is_over(cast: Cast, action: str) -> None:
    open_with(cast, at=cast.at)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)
    with pytest.raises(Conflict) as refusal:
        ACTIONS[action](actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)
    assert refusal.value.error == "ended"


def test_the_end_sends_everybody_home_and_ends_a_break(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    open_with(cast, cast.patient, at=cast.at)
    pk = cast.group_session.pk
    room.start_break(actor=cast.therapist, group_session_id=pk, at=cast.at)
    with heard(events.session_ended) as ended, django_capture_on_commit_callbacks(execute=True):
        room.end_session(actor=cast.therapist, group_session_id=pk, at=cast.at + timedelta(minutes=5))
    over = fresh(cast.group_session)
    assert (over.state, over.on_break_since, over.auto_end_at) == (SessionState.ENDED, None, None)
    assert ended == [{"group_session_id": pk, "reason": "facilitator"}]
    for person in (cast.patient, cast.therapist):
        place = place_of(cast, person)
        assert (place.state, place.connection) == (ParticipationState.LEFT, None)


def test_a_break_is_taken_once_and_ended_once(cast: Cast) -> None:
    open_with(cast, at=cast.at)
    pk = cast.group_session.pk
    with pytest.raises(Conflict):
        room.end_break(actor=cast.therapist, group_session_id=pk, at=cast.at)
    room.start_break(actor=cast.therapist, group_session_id=pk, at=cast.at)
    with pytest.raises(Conflict):
        room.start_break(actor=cast.therapist, group_session_id=pk, at=cast.at)
    room.end_break(actor=cast.therapist, group_session_id=pk, at=cast.at)
    assert fresh(cast.group_session).on_break_since is None


def test_admitting_needs_somebody_who_waits(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    pk = cast.group_session.pk
    with pytest.raises(Conflict):
        room.admit(actor=cast.therapist, group_session_id=pk, participant=cast.patient.pk, at=cast.at)
    stranger = cast.more_patients[0].pk
    with pytest.raises(NotFound):
        room.admit(actor=cast.therapist, group_session_id=pk, participant=stranger, at=cast.at)


def test_a_full_group_admits_nobody_more(cast: Cast) -> None:
    freeze_terms(cast.group_session, group_max=2)
    first, second, third = cast.patient, *cast.more_patients
    open_with(cast, first, at=cast.at)
    for person, seconds in ((second, 1), (third, 2)):
        join(cast, person, cast.at + timedelta(seconds=seconds))
    pk = cast.group_session.pk
    assert room.admit_all(actor=cast.therapist, group_session_id=pk, at=cast.at) == (second.pk,)
    with pytest.raises(Denied) as refusal:
        room.admit(actor=cast.therapist, group_session_id=pk, participant=third.pk, at=cast.at)
    assert refusal.value.error == "group_too_large"
    with pytest.raises(Denied):
        room.admit_all(actor=cast.therapist, group_session_id=pk, at=cast.at)
    assert place_of(cast, third).state == ParticipationState.WAITING


def test_muted_people_may_unmute_themselves(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    pk = cast.group_session.pk
    room.mute(actor=cast.therapist, group_session_id=pk, participant=cast.patient.pk, at=cast.at)
    place = place_of(cast, cast.patient)
    assert (place.microphone_on, place.camera_on, place.muted_by_staff) == (False, True, True)
    room.set_media(
        actor=cast.patient,
        group_session_id=pk,
        connection=entry.connection,
        microphone=True,
        camera=False,
        at=cast.at,
    )
    place = place_of(cast, cast.patient)
    assert (place.microphone_on, place.camera_on, place.muted_by_staff) == (True, False, False)


def test_a_superseded_device_sets_no_media(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    join(cast, cast.patient, cast.at, take_over=True)
    with pytest.raises(Conflict):
        room.set_media(
            actor=cast.patient,
            group_session_id=cast.group_session.pk,
            connection=entry.connection,
            microphone=False,
            camera=False,
            at=cast.at,
        )


def test_removing_is_announced_with_the_connection_to_close_and_audited_with_its_reason(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    with heard(events.participant_removed) as removed, django_capture_on_commit_callbacks(execute=True):
        room.remove(
            actor=cast.therapist,
            group_session_id=cast.group_session.pk,
            participant=cast.patient.pk,
            reason=room.RemovalReason.PRIVACY,
            at=cast.at,
        )
    assert [payload["connection"] for payload in removed] == [entry.connection]
    last = AuditEvent.objects.order_by("-seq")[0]
    assert (last.action, last.data["reason"]) == ("participant.removed", "privacy")


def test_a_colleague_cannot_be_removed(cast: Cast) -> None:
    open_with(cast, at=cast.at)
    join(cast, cast.covering_therapist, cast.at)
    with pytest.raises(Conflict):
        room.remove(
            actor=cast.therapist,
            group_session_id=cast.group_session.pk,
            participant=cast.covering_therapist.pk,
            reason=room.RemovalReason.OTHER,
            at=cast.at,
        )


def test_a_refused_action_leaves_no_trace(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    open_with(cast, cast.patient, at=cast.at)
    pk = cast.group_session.pk
    room.start_break(actor=cast.therapist, group_session_id=pk, at=cast.at)
    before = fresh(cast.group_session).room_seq, PresenceEvent.objects.count(), AuditEvent.objects.count()
    with heard(events.room_changed) as changed, django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(Conflict):
            room.start_break(actor=cast.therapist, group_session_id=pk, at=cast.at)
        with pytest.raises(Denied):
            room.end_session(actor=cast.patient, group_session_id=pk, at=cast.at)
    assert changed == []
    after = fresh(cast.group_session).room_seq, PresenceEvent.objects.count(), AuditEvent.objects.count()
    assert after == before


def test_a_consent_taken_back_stops_credit_but_leaves_the_seat(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    assert room.revoke_consent(
        group_session_id=cast.group_session.pk, participant=cast.patient.pk, at=cast.at
    )
    assert PresenceEvent.objects.filter(kind="consent_revoked", participant=cast.patient.pk).exists()
    assert place_of(cast, cast.patient).state == ParticipationState.IN_ROOM


def test_revoking_an_agreement_on_its_page_reaches_the_open_room(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    open_with(cast, cast.patient, at=cast.at)
    signature = ConsentSignature.objects.filter(patient__user=cast.patient, document__kind="telehealth")[0]
    with django_capture_on_commit_callbacks(execute=True):
        revoke_signature(actor=cast.patient, signature=signature, at=cast.at + timedelta(minutes=1))
    fact = PresenceEvent.objects.get(kind="consent_revoked")
    assert (fact.participant, fact.at) == (cast.patient.pk, cast.at + timedelta(minutes=1))
    with pytest.raises(Denied) as refusal:
        join(cast, cast.patient, cast.at + timedelta(minutes=2), take_over=True)
    assert refusal.value.error == "telehealth_revoked"


def test_a_ledger_without_its_triggers_fails_the_system_check(cast: Cast) -> None:
    assert ledger_is_guarded(databases=["default"]) == []
    with suspended(connection, ["iop_presenceevent"]):
        assert [problem.id for problem in ledger_is_guarded(databases=["default"])] == ["iop.E001"]

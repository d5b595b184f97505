"""From the strip to single facts: what was observed, by whom, with which hash, and if the chain holds."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection

from sessions.models import PresenceEvent
from sessions.rules.presence.fact_words import FACT_WORDS, details_in_words, fact_in_words
from sessions.rules.presence.facts import CloseReason, Fact, FactKind
from sessions.selectors.auditing.drill import facts_page
from telehealth.audit.models import AuditEvent
from telehealth.core.append_only import suspended
from tests.cast import Cast
from tests.factories import Relay, open_with

from .browsing import Browser, words
from .stories import NEW_YORK, example_b, ny

pytestmark = pytest.mark.django_db
FACTS = "sessions:facts"


def test_each_fact_stands_under_the_stretch_it_decided(cast: Cast) -> None:
    group = example_b(cast)
    text = Browser(cast.auditor, cast.at).read(FACTS, group.pk, cast.patient.pk)
    for expected in (
        "Pat Example",
        "The session was started",
        "Came into the waiting room",
        "9:12:20 AM EST2:12:20 PM UTC",
        "Let into the room",
        "First sound or picture of a connection",
        "The connection ended",
        "the person left",
        "The session was ended",
        "this server",
        "relay",
    ):
        assert expected in text
    page = facts_page(cast.auditor, group.pk, cast.patient.pk, cast.at)
    assert [section.piece.kind for section in page.sections if section.piece] == [
        piece.kind
        for piece in page.strip.pieces  # type: ignore[union-attr]  # the record exists
    ]
    for section in page.sections:
        for line in section.lines:
            if section.piece is not None:
                assert section.piece.start <= line.first.at < section.piece.end
    shown = sum(section.count for section in page.sections)
    about = PresenceEvent.objects.filter(group_session=group)
    of_all = about.filter(kind__in=["opened", "ended", "break_started", "break_ended"])
    assert shown == about.filter(participant=cast.patient.pk).count() + of_all.count()


def test_facts_of_others_are_not_on_the_page(cast: Cast) -> None:
    group, other = example_b(cast), cast.more_patients[0]
    page = facts_page(cast.admin, group.pk, cast.patient.pk, cast.at)
    hashes = {fact.row_hash for section in page.sections for line in section.lines for fact in line.facts}
    theirs = PresenceEvent.objects.filter(group_session=group, participant=other.pk)
    assert theirs.exists()
    assert not hashes & set(theirs.values_list("row_hash", flat=True))


def test_the_page_says_that_the_chain_holds_and_where_it_ends(cast: Cast) -> None:
    group = example_b(cast)
    text = Browser(cast.auditor, cast.at).read(FACTS, group.pk, cast.patient.pk)
    count = PresenceEvent.objects.filter(group_session=group).count()
    head = PresenceEvent.objects.filter(group_session=group).order_by("-id")[0].row_hash
    assert f"The chain holds. All {count} facts of this session were verified just now" in text
    assert head in text


def test_a_changed_fact_is_named_by_its_place_in_the_chain(cast: Cast) -> None:
    group = example_b(cast)
    second = PresenceEvent.objects.filter(group_session=group).order_by("id")[1]
    with suspended(connection, [PresenceEvent._meta.db_table]):
        PresenceEvent.objects.filter(pk=second.pk).update(at=second.at + timedelta(minutes=1))
    text = Browser(cast.auditor, cast.at).read(FACTS, group.pk, cast.patient.pk)
    assert "The chain is broken at fact 2." in text
    assert "The chain holds" not in text


def test_a_missing_end_shows_although_the_rest_fits(cast: Cast) -> None:
    group = example_b(cast)
    with suspended(connection, [PresenceEvent._meta.db_table]):
        PresenceEvent.objects.filter(group_session=group).order_by("-id")[0].delete()
    text = Browser(cast.auditor, cast.at).read(FACTS, group.pk, cast.patient.pk)
    assert "Facts are missing at the end of the chain." in text


def test_routine_beats_are_one_line_that_opens(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    seats, relay = open_with(cast, cast.patient, at=start), Relay("boot-beats")
    end = start + timedelta(minutes=20)
    relay.present(cast.group_session, cast.patient, seats[cast.patient].connection, start, end)
    relay.deliver(end)
    pk = cast.group_session.pk
    page = facts_page(cast.admin, pk, cast.patient.pk, end)
    (fold,) = [line for section in page.sections for line in section.lines if line.is_folded]
    routine = PresenceEvent.objects.filter(group_session=pk, participant=cast.patient.pk, is_routine=True)
    assert len(fold.facts) == routine.count() == page.routine_facts > 3
    browser = Browser(cast.admin, end)
    text = browser.read(FACTS, pk, cast.patient.pk)
    assert f"{len(fold.facts)} routine beats" in text
    assert fold.facts[1].row_hash not in text
    part = browser.get(
        FACTS, pk, cast.patient.pk, beats=str(fold.first.number), headers={"HX-Request": "true"}
    )
    assert b"<html" not in part.content
    assert part.content.count(b"<tr>") == len(fold.facts) + 1
    whole = browser.read(FACTS, pk, cast.patient.pk, beats=str(fold.first.number))
    assert fold.facts[1].hash_short in whole
    assert browser.get(FACTS, pk, cast.patient.pk, beats="x' or 1").status_code == 200


def test_clinicians_have_facts_too_and_strangers_have_none(cast: Cast) -> None:
    group = example_b(cast)
    text = Browser(cast.admin, cast.at).read(FACTS, group.pk, cast.therapist.pk)
    assert "Single facts, clinician" in text
    assert "as a clinician" in text
    for stranger in (cast.covering_therapist.pk, cast.patient_off_roster.pk, uuid.uuid4()):
        assert Browser(cast.admin, cast.at).get(FACTS, group.pk, stranger).status_code == 404


def test_every_look_at_facts_is_written_down_with_whose_they_are(cast: Cast) -> None:
    group = example_b(cast)
    Browser(cast.auditor, cast.at).read(FACTS, group.pk, cast.patient.pk)
    event = AuditEvent.objects.order_by("-seq")[0]
    assert (event.action, event.actor, event.subject_id) == (
        "attendance.audit_viewed",
        cast.auditor,
        str(group.pk),
    )
    assert event.data == {"facts_of": str(cast.patient.pk)}


def test_the_audit_page_leads_to_the_facts_of_each_person(cast: Cast) -> None:
    group = example_b(cast)
    answer = Browser(cast.auditor, cast.at).get("sessions:audit", group.pk)
    for person in (cast.patient, cast.more_patients[0], cast.therapist):
        assert f"/audit/facts/{person.pk}/".encode() in answer.content
    assert "Single facts" in words(answer)


def test_every_kind_has_words_and_details_follow_the_vocabulary() -> None:
    assert set(FACT_WORDS) == set(FactKind)
    at = ny("09:30")
    for reason in CloseReason:
        data = {"reason": reason.value, "inferred": True, "last_packet_at": ny("09:29").isoformat()}
        fact = Fact("boot", 1, FactKind.CLOSED, at, "p", "c", data)
        said = details_in_words(fact, NEW_YORK)
        assert said.endswith("concluded afterwards from the relay's journal; last packet at 9:29:00 AM")
    dark = Fact(
        "boot", 1, FactKind.SILENT, at, "p", "c", {"track": "camera", "last_packet_at": at.isoformat()}
    )
    assert fact_in_words(dark) == "The camera went dark"
    beat = Fact(
        "boot", 1, FactKind.BEAT, at, "p", "c", {"tracks": {"microphone": {"packets": 7, "bytes": 1}}}
    )
    assert details_in_words(beat, NEW_YORK) == "microphone (7 packets)"
    # What cannot be read is never a reason to show no page.
    broken = Fact("boot", 1, FactKind.BEAT, at, "p", "c", {"tracks": 3, "last_packet_at": "soon"})
    assert details_in_words(broken, NEW_YORK) == "no tracks listed"

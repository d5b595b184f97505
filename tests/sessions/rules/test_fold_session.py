"""From facts to a session: opening, end, breaks, roles, cameras, and facts in any order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.rules.presence.facts import EndReason, FactError, Role, in_order
from sessions.rules.presence.fold import SessionPresence, fold
from tests.sessions.rules.ledger import CAMERA, VOICE, Ledger, spans_of, t

NOTHING: dict[str, object] = {}


def opened() -> Ledger:
    return Ledger().web("opened", "14:00", "doc")


def test_no_facts_say_nothing():
    assert fold([]) == SessionPresence()
    assert fold([], as_of=t("14:00")) == SessionPresence(as_of=t("14:00"))


def test_opening_and_end_are_whole_seconds():
    ledger = (
        Ledger().web("opened", "14:00:00.9", "doc").web("ended", "15:00:00.9", "doc", reason="facilitator")
    )
    result = fold(ledger.facts)
    assert (result.opened_at, result.ended_at) == (t("14:00"), t("15:00"))
    assert (result.end_reason, result.as_of) == (EndReason.FACILITATOR, t("15:00"))
    assert result.participants == {}


def test_the_actor_of_a_fact_is_not_present_by_acting():
    ledger = opened().web("break_started", "14:10", "doc").web("break_ended", "14:20", "doc")
    assert fold(ledger.facts).participants == {}


def test_a_session_cancelled_before_its_opening_has_no_end():
    result = fold(Ledger().web("ended", "13:00", "doc", reason="cancelled").facts)
    assert (result.opened_at, result.ended_at, result.end_reason) == (None, None, EndReason.CANCELLED)


def test_an_end_before_the_opening_is_the_opening():
    result = fold(opened().web("ended", "13:59", None, reason="auto_end").facts)
    assert result.ended_at == t("14:00")


def test_without_a_live_break_the_planned_ones_apply():
    assert fold(opened().facts).breaks is None


def test_live_breaks_are_the_breaks():
    ledger = opened().web("break_started", "14:10", "doc").web("break_ended", "14:20:00.7", "doc")
    ledger.web("break_started", "14:30", "doc").web("break_ended", "14:31", "doc")
    assert spans_of(fold(ledger.facts).breaks or ()) == ["14:10:00-14:20:00", "14:30:00-14:31:00"]


def test_a_break_nobody_ended_lasts_to_the_end_or_to_now():
    ledger = opened().web("break_started", "14:30", "doc")
    assert spans_of(fold(ledger.facts, as_of=t("14:40")).breaks or ()) == ["14:30:00-14:40:00"]
    ledger.web("ended", "15:00", "doc", reason="facilitator")
    assert spans_of(fold(ledger.facts, as_of=t("16:00")).breaks or ()) == ["14:30:00-15:00:00"]


def test_a_break_of_no_length_still_replaces_the_planned_ones():
    ledger = opened().web("break_started", "14:30", "doc").web("break_ended", "14:30", "doc")
    assert fold(ledger.facts).breaks == ()


def test_an_end_of_no_break_and_a_second_start_change_nothing():
    ledger = opened().web("break_ended", "14:05", "doc").web("break_started", "14:10", "doc")
    ledger.web("break_started", "14:12", "doc").web("break_ended", "14:20", "doc")
    assert spans_of(fold(ledger.facts).breaks or ()) == ["14:10:00-14:20:00"]
    assert fold(opened().web("break_ended", "14:05", "doc").facts).breaks is None


def test_roles_and_lobby():
    ledger = opened().web("lobby_entered", "13:50:00.5").web("lobby_entered", "14:10").admitted("14:11")
    ledger.admitted("13:58", "doc", "facilitator").admitted("14:00", "aud", "observer")
    people = fold(ledger.facts).participants
    assert list(people) == ["aud", "doc", "p"]
    assert [person.role for person in people.values()] == [Role.OBSERVER, Role.FACILITATOR, Role.PATIENT]
    assert (people["p"].lobby_at, people["doc"].lobby_at) == (t("13:50"), None)


def test_somebody_who_was_never_admitted_has_no_role():
    assert fold(opened().web("lobby_entered", "13:50").facts).participants["p"].role is None


def test_a_facilitators_presence_before_the_opening_is_kept():
    ledger = opened().admitted("13:58", "doc", "facilitator").first("13:58:02", "doc", "f")
    result = fold(ledger.closed("15:01", "15:01", "left", "doc", "f").facts)
    assert spans_of(result.participants["doc"].presence) == ["13:58:00-15:01:00"]


def test_when_the_last_facilitator_left():
    ledger = opened()
    assert fold(ledger.facts).facilitators_left_at == t("14:00")
    ledger.admitted("13:50", "early", "facilitator").first("13:50", "early", "e")
    ledger.closed("13:55", "13:55", "left", "early", "e").first("14:00").closed("15:00", "15:00")
    assert fold(ledger.facts).facilitators_left_at == t("14:00")
    ledger.admitted("14:00", "doc", "facilitator").first("14:00", "doc", "f")
    assert fold(ledger.beat("14:20", "doc", "f").facts, as_of=t("14:20:05")).facilitators_left_at == t(
        "14:20:05"
    )
    assert fold(ledger.facts, as_of=t("14:40")).facilitators_left_at == t("14:20")
    assert fold([]).facilitators_left_at is None


def camera_off(ledger: Ledger) -> list[str]:
    return spans_of(fold(ledger.facts).participants["p"].camera_off)


def audio_only(ledger: Ledger, **more) -> list[str]:
    return spans_of(fold(ledger.facts, **more).participants["p"].audio_only)


def test_camera_off_lasts_from_its_last_packet_to_its_next():
    ledger = opened().first("14:00").beat("14:00:01").silent("14:10:10", "14:10", track="camera")
    ledger.beat("14:15").resumed("14:20", track="camera").closed("14:30", "14:30")
    assert camera_off(ledger) == ["14:10:00-14:20:00"]
    assert spans_of(fold(ledger.facts).participants["p"].presence) == ["14:00:00-14:30:00"]


def test_camera_off_begins_ten_seconds_before_it_was_noticed_at_the_latest():
    ledger = opened().first("14:00").beat("14:00:01").silent("14:10:10", "14:10:09", track="camera")
    assert camera_off(ledger.closed("14:30", "14:30")) == ["14:10:00-14:30:00"]


def test_camera_off_ends_when_the_camera_is_unpublished():
    ledger = opened().first("14:00").beat("14:00:01").silent("14:10:10", "14:10", track="camera")
    ledger.beat("14:15", tracks=VOICE).closed("14:30", "14:30")
    assert camera_off(ledger) == ["14:10:00-14:15:00"]
    assert audio_only(ledger) == ["14:15:00-14:30:00"]


def test_camera_off_is_presence_and_a_short_piece_of_it_is_none():
    ledger = opened().first("14:00").beat("14:00:01").silent("14:10:10", "14:10", track="camera")
    ledger.silent("14:15:10", "14:15").resumed("14:20").silent("14:20:19", "14:20:09").resumed("14:25")
    ledger.resumed("14:25:10", track="camera").closed("14:30", "14:30")
    assert camera_off(ledger) == ["14:10:00-14:15:00", "14:25:00-14:25:10"]


def test_a_camera_that_fell_silent_with_everything_else_was_not_off():
    ledger = opened().first("14:00").beat("14:00:01").silent("14:10:10", "14:10")
    ledger.silent("14:10:10", "14:09:58", track="camera").resumed("14:12")
    ledger.resumed("14:12:00.1", track="camera").closed("14:30", "14:30")
    assert camera_off(ledger) == []


def test_a_connection_without_a_camera_is_audio_only_throughout():
    ledger = opened().admitted("14:00").first("14:00:03").beat("14:00:08", tracks=VOICE)
    assert audio_only(ledger.closed("14:30", "14:30")) == ["14:00:00-14:30:00"]


def test_listening_only_is_audio_only():
    ledger = opened().first("14:00").beat("14:00:05", tracks=NOTHING)
    assert audio_only(ledger.closed("14:30", "14:30")) == ["14:00:00-14:30:00"]


def test_a_connection_with_a_camera_is_not_audio_only_while_it_is_set_up():
    ledger = opened().admitted("14:00").first("14:00:03").beat("14:00:03", tracks=NOTHING)
    ledger.beat("14:00:05", tracks=VOICE).beat("14:00:06", tracks=CAMERA).beat("14:10", tracks=NOTHING)
    ledger.beat("14:10:09").closed("14:30", "14:30")
    assert audio_only(ledger) == []


def test_a_camera_given_up_later_leaves_audio_only():
    ledger = (
        opened().first("14:00").beat("14:00:01").beat("14:10", tracks=VOICE).beat("14:15", tracks=NOTHING)
    )
    ledger.beat("14:20").closed("14:30", "14:30")
    assert audio_only(ledger) == ["14:10:00-14:20:00"]


def test_a_camera_that_comes_late_leaves_audio_only_before():
    ledger = opened().first("14:00").beat("14:00:05", tracks=VOICE).beat("14:05").closed("14:30", "14:30")
    assert audio_only(ledger) == ["14:00:00-14:05:00"]


def test_audio_only_is_presence():
    ledger = opened().first("14:00").beat("14:00:05", tracks=VOICE).silent("14:10:10", "14:10")
    assert audio_only(ledger.resumed("14:20").closed("14:30", "14:30")) == [
        "14:00:00-14:10:00",
        "14:20:00-14:30:00",
    ]


def test_without_a_single_beat_nothing_is_said_about_cameras():
    assert audio_only(opened().first("14:00").closed("14:30", "14:30")) == []


def busy() -> Ledger:
    """A session with a bit of everything, on two relays."""
    ledger = opened().admitted("13:58", "doc", "facilitator").web("lobby_entered", "13:55").admitted("14:00")
    ledger.first("13:58:02", "doc", "f").first("14:00:03").beat("14:00:04").beat("14:05")
    ledger.silent("14:10:10", "14:10", track="camera").resumed("14:12", track="camera")
    ledger.silent("14:20:10", "14:20").resumed("14:21").beat("14:22", tracks=VOICE)
    ledger.web("break_started", "14:23", "doc").web("break_ended", "14:25", "doc")
    ledger.closed("14:30", "14:30", "superseded").first("14:29:59", connection="d", boot="r2")
    ledger.beat("14:40", connection="d", boot="r2").web("removed", "14:50", by="doc")
    ledger.closed("14:50:01", "14:50", "removed", connection="d", boot="r2")
    return ledger.web("ended", "15:00", "doc", reason="facilitator").beat("14:59:58", "doc", "f")


@settings(max_examples=50)
@given(st.data())
def test_the_order_of_facts_and_their_repetition_say_nothing(data):
    facts = busy().facts
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=8))))
    assert fold(shuffled) == fold(facts)


def test_two_facts_of_one_number_are_a_broken_ledger():
    one = opened().facts[0]
    other = Ledger().web("opened", "14:01", "doc").facts[0]
    with pytest.raises(FactError, match="numbered 1"):
        fold([one, other])


def test_facts_are_read_in_the_order_of_each_journal():
    facts = busy().facts
    assert [(fact.source_boot, fact.seq) for fact in in_order(facts)] == sorted(
        (fact.source_boot, fact.seq) for fact in facts
    )

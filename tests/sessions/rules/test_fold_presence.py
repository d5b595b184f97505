"""From facts to presence: admission, silence, and how an interval ends."""

import pytest

from sessions.rules.presence.fold import fold
from tests.sessions.rules.ledger import Ledger, spans_of, t


def presence(ledger: Ledger, person: str = "p", **more) -> list[str]:
    return spans_of(fold(ledger.facts, **more).participants[person].presence)


def opened() -> Ledger:
    return Ledger().web("opened", "14:00", "doc")


def test_presence_lasts_from_the_first_packet_to_the_last():
    ledger = opened().first("14:05").beat("14:10").closed("14:20:03", "14:20")
    assert presence(ledger) == ["14:05:00-14:20:00"]


@pytest.mark.parametrize(
    ("first", "start"),
    [("14:05", "14:05:00"), ("14:05:09.9", "14:05:00"), ("14:05:10", "14:05:00"), ("14:05:10.1", "14:05:10")],
)
def test_presence_begins_at_admission_if_a_packet_comes_within_ten_seconds(first, start):
    ledger = opened().admitted("14:05").first(first).closed("14:20", "14:20")
    assert presence(ledger) == [f"{start}-14:20:00"]


def test_waiting_room_time_is_not_presence():
    ledger = opened().web("lobby_entered", "13:50").admitted("14:05").web("left", "14:30")
    person = fold(ledger.facts).participants["p"]
    assert (person.presence, person.lobby_at) == ((), t("13:50"))


def test_no_packet_before_the_first_admission_counts():
    ledger = opened().first("14:04").admitted("14:05").closed("14:20", "14:20")
    assert presence(ledger) == ["14:05:00-14:20:00"]


def test_a_readmission_within_ten_seconds_of_its_packet_begins_presence():
    ledger = opened().admitted("14:00").first("14:00:02").web("removed", "14:10", by="doc")
    ledger.closed("14:10:00.1", "14:10", "removed").admitted("14:20")
    ledger.first("14:20:04", connection="d").closed("14:30", "14:30", connection="d")
    assert presence(ledger) == ["14:00:00-14:10:00", "14:20:00-14:30:00"]


def test_a_new_connection_without_a_new_admission_begins_at_its_first_packet():
    ledger = opened().admitted("14:00").first("14:00:02").closed("14:10", "14:10")
    ledger.first("14:10:30", connection="d").closed("14:30", "14:30", connection="d")
    assert presence(ledger) == ["14:00:00-14:10:00", "14:10:30-14:30:00"]


def test_a_silence_ends_presence_at_the_last_packet_before_it():
    ledger = opened().first("14:00").silent("14:10:10", "14:10").resumed("14:15").closed("14:20", "14:20")
    assert presence(ledger) == ["14:00:00-14:10:00", "14:15:00-14:20:00"]


def test_a_silence_that_lasts_to_the_close_adds_nothing():
    ledger = opened().first("14:00").silent("14:10:10", "14:10").closed("14:20", "14:10", "timeout")
    assert presence(ledger) == ["14:00:00-14:10:00"]


def test_a_beat_during_silence_adds_nothing():
    ledger = opened().first("14:00").silent("14:10:10", "14:10").beat("14:10:15", last="14:10")
    assert presence(ledger.closed("14:20", "14:10")) == ["14:00:00-14:10:00"]


def test_packets_after_a_silence_count_even_if_nobody_said_resumed():
    ledger = opened().first("14:00").silent("14:10:10", "14:10").beat("14:12").closed("14:20", "14:20")
    assert presence(ledger) == ["14:00:00-14:10:00", "14:12:00-14:20:00"]


def test_a_resumption_splits_even_if_nobody_said_silent():
    ledger = opened().first("14:00").beat("14:05").resumed("14:10").closed("14:20", "14:20")
    assert presence(ledger) == ["14:00:00-14:05:00", "14:10:00-14:20:00"]


@pytest.mark.parametrize(
    ("last", "end"), [("14:59:51", "15:00:00"), ("14:59:50", "14:59:50"), ("15:00:01", "15:00:00")]
)
def test_the_end_of_the_session_ends_a_connection_that_is_not_silent(last, end):
    ledger = opened().first("14:00").web("ended", "15:00", "doc", reason="facilitator")
    ledger.closed("15:00:00.2", last, "ended")
    assert presence(ledger) == [f"14:00:00-{end}"]


@pytest.mark.parametrize(("kind", "reason"), [("removed", "removed"), ("consent_revoked", "consent_revoked")])
def test_a_removal_or_a_revoked_consent_ends_it_at_that_instant(kind, reason):
    data = {"by": "doc"} if kind == "removed" else {}
    talking = opened().first("14:00").web(kind, "14:30", **data).closed("14:30:01", "14:29:58", reason)
    assert presence(talking) == ["14:00:00-14:30:00"]
    silent = opened().first("14:00").silent("14:20:10", "14:20").web(kind, "14:30", **data)
    assert presence(silent.closed("14:30:01", "14:20", reason)) == ["14:00:00-14:20:00"]


def test_packets_that_slip_through_after_a_removal_do_not_count():
    ledger = (
        opened().first("14:00").web("removed", "14:30", by="doc").closed("14:30:05", "14:30:04", "removed")
    )
    assert presence(ledger) == ["14:00:00-14:30:00"]


def test_the_removal_of_another_person_ends_nothing():
    ledger = opened().first("14:00").web("removed", "14:30", "q", by="doc").closed("14:40", "14:40")
    assert presence(ledger) == ["14:00:00-14:40:00"]


@pytest.mark.parametrize("reason", ["left", "superseded", "timeout", "shutdown"])
def test_every_other_end_is_the_last_packet(reason):
    ledger = opened().first("14:00").closed("14:59:58", "14:59:55", reason)
    ledger.web("ended", "15:00", "doc", reason="facilitator")
    assert presence(ledger) == ["14:00:00-14:59:55"]


def test_leaving_after_the_end_of_the_session_is_too_late_to_matter():
    ledger = opened().first("14:00").web("ended", "15:00", "doc", reason="facilitator")
    assert presence(ledger.closed("15:00:03", "15:00:02", "left")) == ["14:00:00-15:00:00"]


def test_a_first_packet_after_the_end_is_no_presence():
    ledger = opened().web("ended", "15:00", "doc", reason="facilitator").first("15:00:00.5")
    assert presence(ledger.closed("15:00:01", "15:00:01", "ended")) == []


def test_a_relay_that_died_counts_up_to_what_it_wrote_down():
    ledger = opened().first("14:00").beat("14:10").beat("14:10:05")
    assert presence(ledger, as_of=t("14:30")) == ["14:00:00-14:10:05"]
    ledger.closed("14:40", "14:10:05", "boot_ended", inferred=True)
    assert presence(ledger, as_of=t("14:50")) == ["14:00:00-14:10:05"]


def test_a_relay_that_died_within_ten_seconds_of_the_end_was_not_silent_at_it():
    ledger = opened().first("14:00").beat("14:59:55").web("ended", "15:00", "doc", reason="facilitator")
    assert presence(ledger) == ["14:00:00-15:00:00"]
    ledger.closed("15:10", "14:59:55", "boot_ended", inferred=True)
    assert presence(ledger) == ["14:00:00-15:00:00"]


def test_a_connection_that_comes_back_on_another_boot_is_read_journal_by_journal():
    ledger = opened().first("14:00").beat("14:10").closed("14:11", "14:10", "boot_ended", inferred=True)
    ledger.first("14:10:40", boot="r0").beat("14:20", boot="r0").closed("14:30", "14:30", boot="r0")
    assert presence(ledger) == ["14:00:00-14:10:00", "14:10:40-14:30:00"]


def test_two_devices_and_a_takeover_are_one_presence():
    ledger = opened().first("14:00", connection="laptop").first("14:10", connection="phone")
    ledger.closed("14:10:01", "14:10:01", "superseded", connection="laptop")
    ledger.closed("14:30", "14:30", connection="phone")
    assert presence(ledger) == ["14:00:00-14:30:00"]


def test_someone_who_is_there_is_there_until_as_of():
    ledger = opened().first("14:00").beat("14:10")
    assert presence(ledger, as_of=t("14:10:04.9")) == ["14:00:00-14:10:04"]
    assert presence(ledger, as_of=t("14:10:10")) == ["14:00:00-14:10:00"]
    ledger.silent("14:10:10", "14:10")
    assert presence(ledger, as_of=t("14:10:11")) == ["14:00:00-14:10:00"]


def test_someone_who_left_is_not_there_until_as_of():
    ledger = opened().first("14:00").closed("14:10", "14:10")
    assert presence(ledger, as_of=t("14:10:05")) == ["14:00:00-14:10:00"]


def test_fractions_are_dropped_at_the_very_end():
    ledger = opened().first("14:00:00.9").closed("14:00:30", "14:00:29.999")
    assert presence(ledger) == ["14:00:00-14:00:29"]
    moment = opened().first("14:00:00.2").closed("14:00:01", "14:00:00.9")
    assert presence(moment) == []


def test_auto_end_ends_everyone_when_the_last_facilitator_left():
    ledger = opened().admitted("14:00", "doc", "facilitator").first("14:00", "doc", "f").first("14:00")
    ledger.closed("14:30:10", "14:30", "timeout", "doc", "f").beat("14:45")
    ledger.web("ended", "14:30", None, reason="auto_end").closed("14:45:01", "14:45", "ended")
    result = fold(ledger.facts)
    assert (result.ended_at, result.end_reason) == (t("14:30"), "auto_end")
    assert presence(ledger) == ["14:00:00-14:30:00"]
    assert presence(ledger, "doc") == ["14:00:00-14:30:00"]


def test_another_silence_limit_may_be_asked_for():
    ledger = opened().admitted("14:00").first("14:00:15").web("ended", "15:00", "doc", reason="facilitator")
    ledger.closed("15:00:01", "14:59:45", "ended")
    assert presence(ledger, silence_split_sec=20) == ["14:00:00-15:00:00"]
    assert presence(ledger) == ["14:00:15-14:59:45"]

"""From facts to presence, at the very edges: equal instants, unreadable data, touching silences."""

from sessions.rules.presence.facts import FactKind
from sessions.rules.presence.fold import fold
from tests.sessions.rules.ledger import VOICE, Ledger, spans_of


def opened() -> Ledger:
    return Ledger().web("opened", "14:00", "doc").admitted("14:00")


def person(ledger: Ledger):
    return fold(ledger.facts).participants["p"]


def presence(ledger: Ledger) -> list[str]:
    return spans_of(person(ledger).presence)


def test_a_first_packet_with_unreadable_data_still_counts_from_its_own_time():
    ledger = opened()._add("r1", FactKind.FIRST_PACKET, "14:00", "p", "c", {})
    assert presence(ledger.closed("14:20", "14:20")) == ["14:00:00-14:20:00"]


def test_a_relay_fact_without_a_connection_adds_nothing():
    ledger = opened()._add("r1", FactKind.FIRST_PACKET, "14:00", "p", None, {})
    assert presence(ledger) == []


def test_a_beat_of_the_last_packet_before_a_silence_does_not_end_the_silence():
    ledger = opened().first("14:00").silent("14:10:10", "14:10").beat("14:10:15", last="14:10")
    ledger.beat("14:15").closed("14:20", "14:20")
    assert presence(ledger) == ["14:00:00-14:10:00", "14:15:00-14:20:00"]


def test_what_follows_a_silence_counts_also_where_presence_began_at_the_admission():
    ledger = opened().first("14:00:02").silent("14:10:10", "14:10").resumed("14:15").closed("14:20", "14:20")
    assert presence(ledger) == ["14:00:00-14:10:00", "14:15:00-14:20:00"]


def test_a_removal_at_the_instant_of_the_first_packet_leaves_nothing():
    ledger = opened().first("14:05").web("removed", "14:05", by="doc").beat("14:06").closed("14:07", "14:07")
    assert presence(ledger) == []


def test_a_connection_that_closes_at_the_instant_of_the_end_was_open_then():
    ledger = opened().first("14:00").closed("14:20", "14:19:55").web("ended", "14:20", reason="facilitator")
    assert presence(ledger) == ["14:00:00-14:20:00"]


def test_a_connection_that_began_after_the_end_is_neither_presence_nor_audio_only():
    ledger = opened().web("ended", "14:20", reason="facilitator")
    ledger.first("14:20:01").beat("14:20:02", tracks=VOICE).closed("14:30", "14:30")
    assert (person(ledger).presence, person(ledger).audio_only) == ((), ())


def test_the_camera_was_off_from_its_last_packet_however_late_the_relay_noticed():
    ledger = opened().first("14:00").beat("14:00:01")
    ledger.silent("14:10:30", "14:10", track="camera").resumed("14:12", track="camera")
    assert spans_of(person(ledger.closed("14:20", "14:20")).camera_off) == ["14:10:00-14:12:00"]


def test_the_camera_was_off_for_the_silence_limit_before_it_was_noticed_if_packets_came_later():
    ledger = opened().first("14:00").beat("14:00:01")
    ledger.silent("14:10:30", "14:10:29", track="camera").resumed("14:12", track="camera")
    assert spans_of(person(ledger.closed("14:20", "14:20")).camera_off) == ["14:10:20-14:12:00"]


def test_camera_silence_with_an_unreadable_stamp_begins_ten_seconds_before_it_was_noticed():
    ledger = opened().first("14:00").beat("14:00:01")
    ledger._add("r1", FactKind.SILENT, "14:10:30", "p", "c", {"track": "camera"})
    ledger.resumed("14:12", track="camera").closed("14:20", "14:20")
    assert spans_of(person(ledger).camera_off) == ["14:10:20-14:12:00"]


def off_twice(second_from: str) -> list[str]:
    """Switch the camera off at 14:05 and again right after it came back; presence begins at 14:05:55."""
    ledger = Ledger().web("opened", "14:00", "doc").admitted("14:05:55")
    ledger.first("14:00").beat("14:00:01").silent("14:05:10", "14:05", track="camera")
    ledger.resumed("14:06", track="camera").silent("14:06:10", second_from, track="camera")
    ledger.resumed("14:06:30", track="camera").closed("14:20", "14:20")
    return spans_of(person(ledger).camera_off)


def test_two_camera_silences_that_touch_or_overlap_are_one():
    assert off_twice("14:06") == ["14:05:55-14:06:30"]
    assert off_twice("14:05:58") == ["14:05:55-14:06:30"]


def test_each_device_adds_its_own_time_without_a_camera():
    ledger = opened().first("14:00", connection="a").beat("14:00:01", connection="a", tracks=VOICE)
    ledger.closed("14:05", "14:05", connection="a")
    ledger.first("14:10", connection="b").beat("14:10:01", connection="b", tracks=VOICE)
    ledger.closed("14:15", "14:15", connection="b")
    assert spans_of(person(ledger).audio_only) == ["14:00:00-14:05:00", "14:10:00-14:15:00"]


def test_each_device_adds_its_own_time_with_the_camera_off():
    ledger = opened()
    for name, minute in (("a", "00"), ("b", "10")):
        ledger.first(f"14:{minute}", connection=name).beat(f"14:{minute}:01", connection=name)
        ledger.silent(f"14:{minute}:30", f"14:{minute}:20", connection=name, track="camera")
        ledger.resumed(f"14:{minute}:50", connection=name, track="camera")
        ledger.closed(f"14:{minute}:59", f"14:{minute}:59", connection=name)
    assert spans_of(person(ledger).camera_off) == ["14:00:20-14:00:50", "14:10:20-14:10:50"]


def test_ten_seconds_without_a_camera_are_more_than_a_repair():
    def without(seconds: str) -> list[str]:
        ledger = opened().first("14:00").beat("14:00:01").beat("14:05", tracks=VOICE)
        ledger.beat(f"14:05:{seconds}").closed("14:20", "14:20")
        return spans_of(person(ledger).audio_only)

    assert without("10") == ["14:05:00-14:05:10"]
    assert without("09") == []

"""Operators' numbers come from what happened, under the field's names, and name nobody."""

import struct
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from realtime.relay.counters import Distribution
from realtime.relay.packets import rtcp
from realtime.relay.service.health import STALLED_AFTER_NS, Health
from realtime.relay.service.metrics import Metrics
from realtime.relay.service.survey import survey
from tests.relay.device import Device
from tests.relay.network import World, world

PEOPLE = ("ana", "ben")


def metrics_of(one: World) -> Metrics:
    return Metrics(
        relay=one.relay,
        counters=one.counters,
        journals=one.journals,
        web_processes=lambda: 3,
        data_plane=one.plane.name,
    )


def read(metrics: Metrics) -> dict[str, float]:
    return {
        sample.name + "".join(f"/{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


async def test_what_happened_in_a_room_is_counted_and_nobody_is_named(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        ana, ben = (Device(one, name).join() for name in PEOPLE)
        for _ in range(100):
            ana.speak()
            one.advance(0.02)
        slot = struct.unpack_from("!I", ben.subscriber.rtp[-1], 8)[0]
        fir = b"\x84\xce\x00\x04" + struct.pack("!IIII", 1, 0, slot, 1 << 24)
        for packet in (rtcp.build_pli(1, slot), fir, rtcp.build_nack(1, slot, [1, 2])):
            ben.subscriber.send_rtcp(packet)
        ben.subscriber.send_rtcp(
            rtcp.build_receiver_report(1, [rtcp.ReportBlock(slot, 25, 1, 1, 0, 0, 0)])
        )  # fmt: skip
        survey(one.relay, one.counters, one.clock())
        metrics = metrics_of(one)
        found = read(metrics)
        assert found["relay_rooms"] == 1
        assert found["relay_connections"] == len(PEOPLE)
        assert found["relay_dtls_handshakes_total/ok"] == 2 * len(PEOPLE)
        assert found["relay_join_seconds_count"] == len(PEOPLE)
        assert found["relay_pli_total/in"] == 1
        assert found["relay_fir_total/in"] == 1
        assert found["relay_nack_total/in"] == 2
        assert found["relay_packet_loss_ratio_count/out"] >= 1
        assert found["relay_rtt_seconds_count"] >= 1
        assert found["relay_jitter_seconds_count"] >= 1
        assert found["relay_packet_loss_ratio_count/in"] >= 1
        assert found["relay_packets_total/in"] == one.counters.packets_in
        assert found["relay_web_processes"] == 3
        text = metrics.text().decode()
        assert not any(word in text for word in (*PEOPLE, "room-1", "boot-1", "192.0.2"))


async def test_every_reason_a_packet_is_dropped_for_is_a_label_of_one_family(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.mux.datagram(b"", ("192.0.2.9", 9))
        one.mux.datagram(b"\xff" * 100, ("192.0.2.9", 9))
        one.counters.add("something_new", 4)
        found = read(metrics_of(one))
        assert found["relay_dropped_total/empty"] == 1
        assert found["relay_dropped_total/first_byte"] == 1
        assert found["relay_events_total/something_new"] == 4


async def test_facts_wait_until_an_ingester_has_confirmed_them(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        Device(one, "ana").join()
        metrics = metrics_of(one)
        waiting = read(metrics)["relay_unacknowledged_facts"]
        assert waiting == one.journals.current.last > 0
        one.ask("facts.ack", boot="boot-1", upto=one.journals.current.last)
        assert read(metrics)["relay_unacknowledged_facts"] == 0


@pytest.mark.parametrize(("value", "place"), [(0.0, 0), (0.001, 0), (0.0011, 1), (0.01, 1), (7.0, 2)])
def test_a_value_counts_up_to_its_bound(value: float, place: int) -> None:
    distribution = Distribution((0.001, 0.01))
    distribution.observe(value)
    assert distribution.counts.index(1) == place
    assert distribution.total == value


def test_a_stall_asks_for_a_restart_and_a_refusing_disk_only_keeps_rooms_away(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        is_open = [True]
        health = Health(
            relay=one.relay,
            clock=one.web_clock,
            journals=one.journals,
            is_socket_open=lambda: is_open[0],
            now=one.clock,
        )
        assert (health.deadly(), health.unready()) == ([], [])
        health.is_synced = False
        assert (health.deadly(), health.unready()) == ([], ["journal_refused"])
        health.is_synced = True
        one.clock.ns += STALLED_AFTER_NS
        assert health.deadly() == ["loop_stalled"]
        health.ticked()
        is_open[0] = False
        assert health.deadly() == health.unready() == ["socket_closed"]
        one.relay.drain(60)
        assert health.unready() == ["socket_closed", "draining"]

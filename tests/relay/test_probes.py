"""What supervisors and operators ask the real process, and its planned ends."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.patience import PATIENCE_SECONDS
from tests.relay.peer import AUDIO, FakePeer, FakeTrack
from tests.relay.process import SECRET, Control, RelayProcess
from tests.relay.socket_peer import SocketWorld

SAMPLED = 64


@pytest.fixture
def machine() -> Iterator[SocketWorld]:
    made = SocketWorld()
    yield made
    made.close()


def publish(machine: SocketWorld, control: Control, connection: str, room: str) -> FakePeer:
    """Let one person send a microphone."""
    names = {"room": room, "connection": connection, "participant": f"person-{connection}"}
    control.ask("connection.open", **names, microphone=True, camera=True)
    peer = machine.peer(ufrag="p")
    offer = peer.offer(AUDIO)
    peer.connect(control.ask("publish.offer", connection=connection, generation=1, sdp=offer)["sdp"])
    machine.pump_until(lambda: peer.is_connected)
    return peer


def subscribe(machine: SocketWorld, control: Control, connection: str) -> FakePeer:
    """Let somebody who is in the room also hear."""
    peer, names = machine.peer(ufrag="s"), {"connection": connection, "generation": 1}
    offer = control.ask("subscribe.offer", **names)["sdp"]
    control.ask("subscribe.answer", **names, sdp=peer.answer(offer))
    peer.connect(offer)
    machine.pump_until(lambda: peer.is_connected)
    return peer


def readiness(relay: RelayProcess) -> tuple[int, Any]:  # JSON
    status, text = relay.page("/readyz")
    return status, json.loads(text)["reasons"]


def metrics(relay: RelayProcess) -> dict[str, float]:
    status, text = relay.page("/metrics", secret=SECRET)
    assert status == 200
    return {
        sample.name + "".join(f"/{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_supervisors_learn_whether_it_lives_and_is_ready_and_operators_what_it_counts(
    tmp_path: Path, machine: SocketWorld
) -> None:
    with RelayProcess(tmp_path / "facts") as relay, Control(relay.control) as control:
        assert relay.page("/livez")[0] == 200
        assert readiness(relay) == (503, ["clock_not_set"])
        control.start()
        assert readiness(relay) == (200, [])
        for secret in (None, "wrong", SECRET + "x"):
            assert relay.page("/metrics", secret=secret)[0] == 401

        voice = publish(machine, control, "ana-connection", "room-1")
        publish(machine, control, "ben-connection", "room-1")
        heard = subscribe(machine, control, "ben-connection")
        track = FakeTrack(AUDIO, 5)
        assert voice.dtls is not None
        assert voice.dtls.srtp is not None
        for _ in range(2 * SAMPLED):
            voice.send(voice.dtls.srtp.protect_rtp(track.packet(b"x")))
        machine.pump_until(lambda: len(heard.rtp) == 2 * SAMPLED)
        found = metrics(relay)
        assert found["relay_rooms"] == 1
        assert found["relay_connections"] == 2
        assert found["relay_peers/publish/connected"] == 2
        assert found["relay_peers/subscribe/connected"] == 1
        assert found["relay_dtls_handshakes_total/ok"] == 3
        assert found["relay_join_seconds_count"] == 2
        assert found["relay_packets_total/in"] > 2 * SAMPLED
        assert found["relay_forward_latency_seconds_count"] >= 1
        assert 0 < found["relay_forward_latency_seconds_sum"] < 60
        assert found["relay_loop_lag_seconds_count"] > 0
        assert found["relay_unacknowledged_facts"] > 0
        assert found["relay_web_processes"] == 1
        assert found["process_open_fds"] > 0

        _, text = relay.page("/metrics", secret=SECRET)
        names = ("ana", "ben", "room-1", relay.boot, "127.0.0.1", SECRET)
        assert not any(name in text for name in names)

        control.ask("facts.ack", boot=relay.boot, upto=1)
        after = metrics(relay)["relay_unacknowledged_facts"]
        assert after >= found["relay_unacknowledged_facts"] - 1
        control.ask("drain", seconds=600)
        control.wait_for("draining", seconds=600)
        assert readiness(relay) == (503, ["draining"])
        assert relay.page("/livez")[0] == 200
        control.ask("drain", seconds=None)
        assert readiness(relay) == (200, [])


def test_web_processes_that_come_and_go_leave_nothing_behind(tmp_path: Path) -> None:
    with RelayProcess(tmp_path / "facts") as relay, Control(relay.control) as control:
        control.start()
        names = ("relay_tasks", "relay_threads", "process_open_fds")
        before = metrics(relay)
        for number in range(8):
            other = Control(relay.control).start()
            if number % 2:
                other.socket.close()
            else:
                other.socket.socket.shutdown(socket.SHUT_RDWR)  # gone without a goodbye
        for _ in range(1000):
            after = metrics(relay)
            if after["relay_web_processes"] == 1 and all(after[name] <= before[name] for name in names):
                break
        assert {name: after[name] for name in names} == {name: before[name] for name in names}


def test_whatever_is_sent_to_the_port_it_goes_on_answering(tmp_path: Path) -> None:
    long = b"x" * 20_000
    authorised = b"Authorization: Bearer " + SECRET.encode() + b"\r\n"
    requests = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + long + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + long + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /metrics HTTP/1.1\r\nHost: a\r\n" + 2 * authorised + b"\r\n",
        b"GET /../metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"\r\n" * 1000,
    )
    with RelayProcess(tmp_path / "facts", log=tmp_path / "log") as relay:
        host, _, port = relay.control.rpartition(":")
        silent = socket.create_connection((host, int(port)))
        for request in requests:
            with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as asking:
                asking.sendall(request)
                asking.shutdown(socket.SHUT_WR)
                answer = b""
                try:
                    while block := asking.recv(65_536):
                        answer += block
                except ConnectionError:
                    pass  # cut off in the middle of what it did not want to read
            assert b"# HELP" not in answer
        assert relay.page("/livez")[0] == 200
        silent.close()


def test_a_signal_lets_the_room_end_and_then_ends_the_process(tmp_path: Path, machine: SocketWorld) -> None:
    arguments = ("--drain-seconds", "600")
    with RelayProcess(tmp_path / "facts", *arguments) as relay, Control(relay.control) as control:
        control.start()
        publish(machine, control, "a", "room-1")
        relay.process.send_signal(signal.SIGTERM)
        control.wait_for("draining", seconds=600)
        assert readiness(relay) == (503, ["draining"])
        names = {"participant": "p", "microphone": True, "camera": True}
        refused = control.raw("connection.open", room="room-2", connection="b", **names)
        assert refused["error"]["error"] == "draining"
        assert control.raw("drain", seconds=None)["error"]["error"] == "draining"
        control.ask("room.close", room="room-1", reason="ended")
        assert relay.process.wait(10) == 0


def test_a_second_signal_ends_at_once_and_everybody_gets_the_closing_fact(
    tmp_path: Path, machine: SocketWorld
) -> None:
    facts = tmp_path / "facts"
    with RelayProcess(facts, "--drain-seconds", "600") as relay, Control(relay.control) as control:
        control.start()
        publish(machine, control, "a", "room-1")
        relay.process.send_signal(signal.SIGTERM)
        control.wait_for("draining")
        relay.process.send_signal(signal.SIGTERM)
        control.wait_for("media", state="closed", reason="shutdown")
        assert relay.process.wait(10) == 0
    last = json.loads((facts / f"{relay.boot}.jsonl").read_text().splitlines()[-1])
    assert (last["kind"], last["data"]["reason"]) == ("closed", "shutdown")

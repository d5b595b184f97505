"""The relay's log: ids and closed words, whatever was sent to it; what repeats is said now and then."""

import json
import logging
from pathlib import Path
from threading import Event

from realtime.relay.counters import FAULTS_PER_LINE, Counters
from realtime.relay.service.ending import HARD_EXIT_STATUS, HardExit
from realtime.relay.service.logs import JsonFormatter, Sampled
from tests.patience import PATIENCE_SECONDS
from tests.relay.peer import AUDIO, FakeTrack
from tests.relay.process import SECRET, Control, RelayProcess
from tests.relay.socket_peer import SocketWorld

NAME, STREET = "Wilhelmina", "203.0.113.77"


def test_a_run_with_hostile_input_leaves_no_name_address_description_or_secret(tmp_path: Path) -> None:
    machine, log = SocketWorld(), tmp_path / "log"
    with RelayProcess(tmp_path / "facts", log=log) as relay, Control(relay.control) as control:
        control.start()
        names = {"room": "room-1", "connection": "connection-1", "participant": NAME}
        control.ask("connection.open", **names, microphone=True, camera=True)
        peer = machine.peer(ufrag="p")
        offer = peer.offer(AUDIO).replace("127.0.0.1", STREET)
        peer.connect(control.ask("publish.offer", connection="connection-1", generation=1, sdp=offer)["sdp"])
        machine.pump_until(lambda: peer.is_connected)
        track = FakeTrack(AUDIO, 5)
        for _ in range(20):
            peer.send(bytes([0x80]) + NAME.encode() * 20)
            peer.send(track.packet(NAME.encode()))
        for text in (NAME, f'{{"id": 1, "op": "{NAME}"}}', f'{{"id": 1, "op": "hello", "x": "{STREET}"}}'):
            control.socket.send(text)
            while "event" in (answer := json.loads(control.socket.recv(PATIENCE_SECONDS))):
                pass
            assert "error" in answer
        for sdp in (f"v=0\r\no={NAME} 1 1 IN IP4 {STREET}\r\n", offer[:400] + NAME, "a=" + NAME * 100):
            control.raw("publish.offer", connection="connection-1", generation=2, sdp=sdp)
        relay.page(f"/{NAME}", secret=STREET)
        relay.page("/metrics", secret=NAME)
        control.ask("room.close", room="room-1", reason="ended")
    machine.close()
    written = log.read_text()
    lines = [json.loads(line) for line in written.splitlines()]
    assert {line["boot"] for line in lines} == {relay.boot}
    media = [(line["state"], line["room"], line["connection"]) for line in lines if "state" in line]
    assert media == [(state, "room-1", "connection-1") for state in ("connected", "closed")]
    secrets = (NAME, STREET, SECRET, "127.0.0.1", "v=0", "a=", "candidate", "ufrag", "sha-256")
    assert [secret for secret in secrets if secret in written] == []


def record(event: str, *, level: int = logging.WARNING, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("realtime.relay", level, __file__, 1, event, (), None)
    vars(made).update(fields)
    return made


def test_a_warning_that_repeats_is_said_first_and_then_once_in_a_hundred() -> None:
    sampled = Sampled()
    said = [sampled.filter(record("relay.sync_failed")) for _ in range(2 * FAULTS_PER_LINE)]
    assert [number for number, is_said in enumerate(said) if is_said] == [0, FAULTS_PER_LINE]
    assert sampled.filter(record("relay.sync_failed", reason="another"))
    assert all(sampled.filter(record("relay.media", level=logging.INFO)) for _ in range(5))


def test_faults_behind_a_fence_are_counted_all_and_said_now_and_then() -> None:
    counters, said = Counters(), []
    handler = logging.Handler()
    handler.emit = said.append  # type: ignore[method-assign]  # a handler that keeps
    logging.getLogger("realtime.relay").addHandler(handler)
    for _ in range(FAULTS_PER_LINE + 1):
        try:
            int(NAME)
        except ValueError:
            counters.fault("tick_fault")
    logging.getLogger("realtime.relay").removeHandler(handler)
    assert counters.dropped["tick_fault"] == FAULTS_PER_LINE + 1
    assert [vars(each)["faults"] for each in said] == [1, FAULTS_PER_LINE + 1]
    line = json.loads(JsonFormatter("boot-1").format(said[0]))
    assert (line["event"], line["boot"], line["exception"]) == ("relay.fault", "boot-1", "ValueError")
    assert NAME not in json.dumps(line)


def test_what_a_library_puts_into_a_record_stays_out() -> None:
    made = record("connection from %s", address=STREET, room="room-1")
    made.args = (STREET,)
    made.exc_info = (OSError, OSError(STREET), None)
    line = JsonFormatter("boot-1").format(made)
    assert STREET not in line
    assert json.loads(line)["room"] == "room-1"


def test_a_step_of_closing_that_hangs_ends_the_process() -> None:
    left, statuses = Event(), []

    def leave(status: int) -> None:
        statuses.append(status)
        left.set()

    guard = HardExit(seconds=0.01, leave=leave)
    guard.step("journals")
    assert left.wait(10)
    assert statuses == [HARD_EXIT_STATUS]


def test_steps_that_come_to_their_end_leave_the_process_alone() -> None:
    statuses: list[int] = []
    guard = HardExit(seconds=3600, leave=statuses.append)
    for step in ("connections", "goodbye", "journals"):
        guard.step(step)
    guard.cancel()
    assert statuses == []

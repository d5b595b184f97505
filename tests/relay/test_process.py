"""The real process over loopback: control protocol, media, facts, and its end."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiortc import RTCCertificate
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from realtime.relay.service.options import OptionsError, parse
from realtime.relay.transport import dtls, selftest
from tests.patience import PATIENCE_SECONDS
from tests.relay.network import CERTIFICATE
from tests.relay.own_certificate import own_certificate
from tests.relay.peer import AUDIO, FakePeer, FakeTrack
from tests.relay.process import REPOSITORY, Control, RelayProcess
from tests.relay.proxy import UdpProxy
from tests.relay.socket_peer import SocketWorld


@pytest.fixture
def machine() -> Iterator[SocketWorld]:
    made = SocketWorld()
    yield made
    made.close()


def join(machine: SocketWorld, control: Control, connection: str) -> tuple[FakePeer, FakePeer]:
    """Let one participant publish a microphone and subscribe."""
    names = {"connection": connection, "generation": 1}
    control.ask(
        "connection.open",
        room="room-1",
        connection=connection,
        participant=f"person-{connection}",
        microphone=True,
        camera=True,
    )
    publisher, subscriber = machine.peer(ufrag="p"), machine.peer(ufrag="s")
    publisher.connect(control.ask("publish.offer", **names, sdp=publisher.offer(AUDIO))["sdp"])
    offered = control.ask("subscribe.offer", **names)["sdp"]
    control.ask("subscribe.answer", **names, sdp=subscriber.answer(offered))
    subscriber.connect(offered)
    machine.pump_until(lambda: publisher.is_connected and subscriber.is_connected)
    return publisher, subscriber


def test_two_peers_meet_in_the_real_process_and_their_facts_are_read_exactly(
    tmp_path: Path, machine: SocketWorld
) -> None:
    with RelayProcess(tmp_path / "facts") as relay, Control(relay.control) as control:
        control.start()
        one, _ = join(machine, control, "a")
        _, heard = join(machine, control, "b")
        track = FakeTrack(AUDIO, 5)
        for number in range(10):
            one.send_rtp(track.packet(b"%d" % number))
        machine.pump_until(lambda: len(heard.rtp) == 10)
        slots = [
            event for event in control.events if event["event"] == "slots" and event["connection"] == "b"
        ]
        assert slots[-1]["slots"][0] == {
            "mid": "a0", "kind": "audio", "participant": "person-a", "source": "microphone",
            "paused": False,
        }  # fmt: skip
        control.ask("room.close", room="room-1", reason="ended")
        control.wait_for("media", connection="b", state="closed", reason="ended")

        page = control.ask("facts.read", boot=relay.boot, after=0, limit=2)
        assert [fact["seq"] for fact in page["facts"]] == [1, 2]
        assert page["as_of"] == page["facts"][-1]["at"]
        rest = control.ask("facts.read", boot=relay.boot, after=2, limit=500)
        everything = page["facts"] + rest["facts"]
        assert [fact["seq"] for fact in everything] == list(range(1, rest["last"] + 1))
        assert rest["as_of"] >= everything[-1]["at"]
        for connection in "ab":
            kinds = [fact["kind"] for fact in everything if fact["connection"] == connection]
            assert kinds[0] == "first_packet"
            assert kinds[-1] == "closed"
        control.ask("facts.ack", boot=relay.boot, upto=rest["last"])
        (boot,) = control.ask("facts.boots")["boots"]
        assert boot == {"boot": relay.boot, "first": 1, "last": rest["last"], "current": True}
        assert control.ask("stats")["connections"] == 0


def test_media_passes_through_a_proxy_which_can_cut_one_path(tmp_path: Path, machine: SocketWorld) -> None:
    with RelayProcess(tmp_path / "probe") as probe:
        udp = probe.udp  # a port that is free, for the proxy has to know it before the relay starts
    with (
        UdpProxy(udp) as proxy,
        RelayProcess(
            tmp_path / "facts", "--candidate", "{}:{}".format(*proxy.address), udp="{}:{}".format(*udp)
        ) as relay,
        Control(relay.control) as control,
    ):
        control.start()
        one, _ = join(machine, control, "a")
        ports = proxy.source_ports()
        two, heard = join(machine, control, "b")
        _, witness = join(machine, control, "c")
        voice, other = FakeTrack(AUDIO, 5), FakeTrack(AUDIO, 6)
        one.send_rtp(voice.packet(b"through"))
        machine.pump_until(lambda: len(heard.rtp) == 1)
        proxy.cut(ports, new_flows=False)
        one.send_rtp(voice.packet(b"cut"))
        two.send_rtp(other.packet(b"not cut"))
        machine.pump_until(lambda: any(packet.endswith(b"not cut") for packet in witness.rtp))
        proxy.heal()
        one.send_rtp(voice.packet(b"healed"))
        machine.pump_until(lambda: len(heard.rtp) == 2)
        assert [packet[-6:] for packet in heard.rtp] == [b"hrough", b"healed"]
        proxy.rebind(ports)  # as a NAT does: the relay sees new addresses from here on
        one.send_rtp(voice.packet(b"unproven"))
        one.check()
        machine.pump_until(lambda: control.ask("stats")["dropped"].get("unproven_address", 0) == 1)
        one.send_rtp(voice.packet(b"proven"))
        machine.pump_until(lambda: len(heard.rtp) == 3)
        assert heard.rtp[-1].endswith(b"proven")


def test_a_kill_loses_nothing_that_was_written_and_the_next_start_finishes_it(
    tmp_path: Path, machine: SocketWorld
) -> None:
    facts = tmp_path / "facts"
    relay = RelayProcess(facts)
    with Control(relay.control) as control:
        control.start()
        one, _ = join(machine, control, "a")
        join(machine, control, "b")
        one.send_rtp(FakeTrack(AUDIO, 5).packet(b"x"))
        control.ask("connection.close", connection="b", reason="left")
        before = control.ask("facts.read", boot=relay.boot, after=0)["facts"]
        os.kill(relay.process.pid, signal.SIGKILL)
    relay.stop()
    journal = facts / f"{relay.boot}.jsonl"
    with journal.open("ab") as torn:
        torn.write(b'{"seq": 99, "kind": "be')

    with RelayProcess(facts) as again, Control(again.control) as control:
        control.start()
        boots = {each["boot"]: each for each in control.ask("facts.boots")["boots"]}
        assert boots[relay.boot]["current"] is False
        found = control.ask("facts.read", boot=relay.boot, after=0)
        assert found["facts"][: len(before)] == before
        *_, closed = found["facts"]
        assert len(found["facts"]) == found["last"] == boots[relay.boot]["last"]
        assert (closed["kind"], closed["connection"]) == ("closed", "a")
        assert closed["data"]["reason"] == "boot_ended"
        assert closed["data"]["inferred"] is True
        known = [fact for fact in before if fact["connection"] == "a"][-1]
        assert closed["data"]["last_packet_at"] == known["data"]["last_packet_at"]
        control.ask("facts.ack", boot=relay.boot, upto=found["last"] - 1)
        assert journal.exists()
        control.ask("facts.ack", boot=relay.boot, upto=found["last"])
        assert not journal.exists()
        assert control.raw("facts.read", boot=relay.boot, after=0)["error"]["error"] == "bad_request"


@pytest.mark.parametrize("end", ["stdin", "SIGTERM", "SIGINT"])
def test_an_orderly_end_writes_closed_for_everybody(tmp_path: Path, machine: SocketWorld, end: str) -> None:
    facts = tmp_path / "facts"
    with RelayProcess(facts) as relay, Control(relay.control) as control:
        control.start()
        join(machine, control, "a")
        if end != "stdin":
            relay.process.send_signal(getattr(signal, end))
            control.wait_for("media", state="closed", reason="shutdown")
        assert relay.stop() == 0
    lines = (facts / f"{relay.boot}.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert (last["kind"], last["data"]["reason"], last["data"]["inferred"]) == ("closed", "shutdown", False)


def test_a_wrong_secret_is_turned_away(tmp_path: Path) -> None:
    with RelayProcess(tmp_path / "facts") as relay:
        for secret in ("", "wrong", "a-secret-of-the-test", "a-secret-of-the-tests-"):
            with pytest.raises(InvalidStatus) as refused:
                Control(relay.control, secret=secret)
            assert refused.value.response.status_code == 401
            assert json.loads(refused.value.response.body or b"{}")["error"] == "unauthorised"


def test_the_control_connection_may_be_encrypted(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path)
    arguments = ("--control-certificate", str(certificate), "--control-key", str(key))
    with RelayProcess(tmp_path / "facts", *arguments) as relay:
        trusting = ssl.create_default_context(cafile=str(certificate))
        with Control(relay.control, tls=trusting) as control:
            assert control.start().ask("stats")["rooms"] == 0
        with pytest.raises(ssl.SSLCertVerificationError):
            Control(relay.control, tls=ssl.create_default_context())
        with pytest.raises((InvalidMessage, ConnectionError)):
            Control(relay.control)


def test_nonsense_on_the_control_connection_is_answered_and_an_avalanche_ends_it(tmp_path: Path) -> None:
    with RelayProcess(tmp_path / "facts") as relay:
        with Control(relay.control) as control:
            control.start()
            for text, error in (
                ("{", "bad_request"),
                ("[]", "bad_request"),
                ('{"id": 7, "op": "fly"}', "unknown_op"),
                ('{"id": 7, "op": "hello", "version": 2}', "wrong_version"),
                ('{"id": 7, "op": "hello", "version": 1, "extra": 1}', "bad_request"),
                ('{"id": 7, "op": "hello", "version": 1, "x": "' + "y" * 65_536 + '"}', "too_large"),
            ):
                control.socket.send(text)
                assert json.loads(control.socket.recv(PATIENCE_SECONDS))["error"]["error"] == error
            control.socket.send(b"\x00\x01")
            assert json.loads(control.socket.recv(PATIENCE_SECONDS))["error"]["error"] == "bad_request"
            missing = control.raw("publish.offer", connection="nobody", generation=1, sdp="v=0")
            assert missing["error"]["error"] == "unknown_connection"
        with Control(relay.control) as control:
            control.socket.send("x" * 1_000_000)
            with pytest.raises(ConnectionClosed):
                control.socket.recv(PATIENCE_SECONDS)
        with Control(relay.control) as control:
            assert control.start().ask("stats")["rooms"] == 0


def test_every_web_process_hears_every_event(tmp_path: Path, machine: SocketWorld) -> None:
    with (
        RelayProcess(tmp_path / "facts") as relay,
        Control(relay.control) as first,
        Control(relay.control) as second,
    ):
        first.start()
        second.start()
        join(machine, first, "a")
        for control in (first, second):
            control.wait_for("media", connection="a", state="connected")
            assert control.wait_for("facts", boot=relay.boot)["last"] >= 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--udp", "nowhere"], "--udp needs HOST:PORT"),
        (["--udp", "127.0.0.1:0", "--candidate", "example.org:1"], "needs an IP address"),
        (["--udp", "127.0.0.1:0", "--candidate", "0.0.0.0:1"], "browsers can reach"),
        (["--udp", "127.0.0.1:0", "--slots-audio", "0"], "number of slots"),
        (["--udp", "127.0.0.1:0", "--drain-seconds", "-1"], "between 0 and a day"),
        (["--udp", "127.0.0.1:0", "--secret-file", "/nonexistent"], "secret file cannot be read"),
        (["--udp", "127.0.0.1:0", "--control-key", "/nonexistent"], "go together"),
        (
            [
                "--udp",
                "127.0.0.1:0",
                "--control-key",
                "/nonexistent",
                "--control-certificate",
                "/nonexistent",
            ],
            "cannot be read",
        ),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.setenv("RELAY_CONTROL_SECRET", "0123456789abcdef")
    with pytest.raises(OptionsError, match=sentence):
        parse(["--control", "127.0.0.1:0", "--facts", str(tmp_path), *arguments])
    monkeypatch.setenv("RELAY_CONTROL_SECRET", "short")
    with pytest.raises(OptionsError):
        parse(["--udp", "127.0.0.1:0", "--control", "127.0.0.1:0", "--facts", str(tmp_path)])


def test_a_relay_that_cannot_start_says_why_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "realtime.relay", "--control", "127.0.0.1:0", "--facts", str(tmp_path)]
    done = subprocess.run(
        [*command, "--udp", "0.0.0.0:0"],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        cwd=REPOSITORY,
        env={**os.environ, "RELAY_CONTROL_SECRET": "0123456789abcdef"},
    )
    assert done.returncode == 2
    assert "--candidate must say which one browsers can reach" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_self_test_names_what_a_library_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    selftest.run(CERTIFICATE)
    monkeypatch.delattr(RTCCertificate, "getFingerprints")
    with pytest.raises(selftest.SelfTestError, match="RTCCertificate has no getFingerprints"):
        selftest.run(CERTIFICATE)
    monkeypatch.undo()
    monkeypatch.setattr(dtls, "SRTP_PROFILES", [])
    with pytest.raises(selftest.SelfTestError, match="cannot start"):
        selftest.run(CERTIFICATE)

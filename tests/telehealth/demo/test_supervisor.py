"""The demo's supervisor: ports, one demo a folder, and children that die."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from telehealth.demo.ports import free_port, own_addresses
from telehealth.demo.supervisor import AlreadyRunningError, Child, Plan, alone_in


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        taken = held.getsockname()[1]
        assert free_port(taken) > taken
        with pytest.raises(OSError, match="no free tcp port"):
            free_port(taken, tries=1)


def test_the_relay_tells_browsers_every_address_of_the_machine(tmp_path: Path) -> None:
    plan = Plan(tmp_path, 8000, 9000, 10000, ("127.0.0.1", "192.0.2.7"), "secret")
    command = plan.relay_command()
    assert [command[at + 1] for at, word in enumerate(command) if word == "--candidate"] == [
        "127.0.0.1:10000",
        "192.0.2.7:10000",
    ]
    assert "secret" not in " ".join(command)
    assert own_addresses()[0] == "127.0.0.1"


def test_only_one_demo_runs_in_a_folder(tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(AlreadyRunningError), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass


def test_a_child_that_dies_is_started_again_and_ends_when_asked() -> None:
    child = Child("test", [sys.executable, "-c", "import sys; sys.stdin.read()"], {}, None)
    assert child.revive() is None
    first = child.process
    first.kill()
    first.wait()
    assert child.revive() == -9
    assert child.process.pid != first.pid
    child.stop()
    assert child.process.poll() is not None

"""What is measured of a process is of one that lives: a relay that has ended is no cheap one."""

import os
import subprocess
import sys

import pytest

from tests.load.calls import machine


def test_a_process_holds_memory() -> None:
    held = machine.memory(os.getpid())
    assert 0 < held.pss <= held.rss


def test_a_process_that_has_ended_but_was_not_waited_for_holds_nothing_to_measure() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        assert ended.stdout is not None
        ended.stdout.read()  # until it ends
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ProcessLookupError):
            machine.memory(ended.pid)

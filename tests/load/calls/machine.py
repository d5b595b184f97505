"""What is measured of processes and of the machine: CPU clocks, memory, cores kept awake, what it is."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Burns what nobody else wants, and ends with whoever started it.
_SPIN = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process: resident, and proportional to what it shares."""

    rss: int
    pss: int


def cpu_seconds(pid: int) -> float:
    """Return what a process has used, by its own CPU clock; the sum over /proc loses threads that ended."""
    return time.clock_gettime(~pid << 3 | 2)


def memory(pid: int) -> Memory:
    """Return how much a process holds; ProcessLookupError if it has ended, waited for or not."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    values = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    if "Rss" not in values:
        raise ProcessLookupError(f"process {pid} has ended")
    return Memory(rss=int(values["Rss"][0]) * 1024, pss=int(values["Pss"][0]) * 1024)


@contextmanager
def awake(cores: Sequence[int]) -> Iterator[list[int]]:
    """Keep cores from halting: a virtual machine bills every wake-up of a halted one to whom it wakes."""
    spinners = [subprocess.Popen([sys.executable, "-c", _SPIN, str(core)]) for core in cores]
    try:
        yield [spinner.pid for spinner in spinners]
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def stolen_seconds() -> float:
    """Return how long all cores would have run had the host of the virtual machine let them."""
    (line,) = [each for each in Path("/proc/stat").read_text().splitlines() if each.startswith("cpu ")]
    return int(line.split()[8]) / os.sysconf("SC_CLK_TCK")


def load() -> float:
    """Return how many processes wanted to run during the last minute; the two spinners count."""
    return os.getloadavg()[0]


def description() -> dict[str, str | int]:
    """Say what machine this is, without naming it."""
    return {
        "cores": os.cpu_count() or 1,
        "architecture": platform.machine(),
        "processor": _processor(),
        "system": _system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return "unknown"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"

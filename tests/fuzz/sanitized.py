"""The compiled data plane under gcc's address and undefined behaviour sanitizers."""

import os
import subprocess
import sys
from pathlib import Path

from realtime.relay.compiled import build

DIRECTORY = Path(__file__).parents[2] / ".cache" / "sanitized"


def again() -> None:
    """Become the same command under the sanitizer; return where that has happened already."""
    runtime = _runtime()
    if os.environ.get("LD_PRELOAD") == runtime:
        return
    build.build(build.SANITIZED, DIRECTORY)
    environment = {
        **os.environ,
        "LD_PRELOAD": runtime,
        # Python itself never frees everything; each piece of its memory is to have borders of its own.
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
    }
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "tests.fuzz", *sys.argv[1:]], environment)  # noqa: S606 - itself


def library() -> Path:
    """Return the library that was built for it."""
    return build.library(build.SANITIZED, DIRECTORY)


def _runtime() -> str:
    found = build.compiler()
    if found is None:
        raise build.BuildError("there is no C compiler")
    asked = subprocess.run(
        [found, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(asked).is_absolute():
        raise build.BuildError(f"{found} has no libasan; install gcc with its sanitizers, or name it in CC")
    return asked

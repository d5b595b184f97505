"""Build the compiled data plane: two C files, any C compiler, nothing else. Standard library only.

`python -m realtime.relay.compiled.build` is a step of `bin/setup` and of the image. Without a compiler it
says so and is content: the relay then forwards in Python.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).parent
HEADER = _HERE / "plane.h"
SOURCES = (_HERE / "fan_out.c", _HERE / "take_in.c")
COMPILERS = ("cc", "gcc", "clang")
FLAGS = (
    "-std=c11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
    "-Werror=implicit-function-declaration", "-Werror=incompatible-pointer-types", "-Werror=return-type",
    "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now",
)  # fmt: skip
# For `python -m tests.fuzz --sanitize`: every access of memory is checked, and every warning is an error.
SANITIZED = (*FLAGS, "-Werror", "-g", "-U_FORTIFY_SOURCE", "-fno-omit-frame-pointer",
             "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")  # fmt: skip


class BuildError(Exception):
    """There is no library; the argument is the sentence that says why."""


def library(flags: tuple[str, ...] = FLAGS, directory: Path = _HERE) -> Path:
    """Say where the library of this very source belongs: one that was built from another is never loaded."""
    written = b"\0".join(each.read_bytes() for each in (HEADER, *SOURCES))
    named = hashlib.sha256(written + "\0".join(flags).encode()).hexdigest()[:16]
    return directory / f"plane-{named}.so"


def compiler() -> str | None:
    """Find a C compiler: what CC names, or the machine's own."""
    named = os.environ.get("CC")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, COMPILERS)), None)


def build(flags: tuple[str, ...] = FLAGS, directory: Path = _HERE) -> Path:
    """Build the library where it belongs, unless it is there; libraries of older source go."""
    wanted = library(flags, directory)
    if wanted.exists():
        return wanted
    found = compiler()
    if found is None:
        raise BuildError("there is no C compiler")
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix="build-") as scratch:
        made = Path(scratch) / wanted.name
        command = [found, *flags, "-o", str(made), *map(str, SOURCES)]
        done = subprocess.run(  # noqa: S603 - a compiler that whoever sets up has named, or the machine's
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode != 0:
            raise BuildError(f"{found} could not build it:\n{done.stdout.strip()}")
        for older in directory.glob("plane-*.so"):
            older.unlink(missing_ok=True)
        made.replace(wanted)
    return wanted


def main(arguments: Sequence[str]) -> int:
    """Build, into another directory if one is named, or say in one line why not; never fail."""
    try:
        build(FLAGS, *map(Path, arguments[:1]))
    except (BuildError, OSError) as problem:
        sys.stdout.write(f"the data plane stays in Python: {problem}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The library is built from two files by any compiler, never loaded from another source, and never missed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.relay.compiled import build, library
from realtime.relay.compiled.choice import choose
from realtime.relay.compiled.library import MissingLibraryError
from realtime.relay.counters import Counters
from realtime.relay.service.options import OptionsError, parse
from tests.relay.process import REPOSITORY, SECRET, RelayProcess

NEEDED = ["--udp", "127.0.0.1:0", "--control", "127.0.0.1:0", "--facts", "facts"]


def chosen(*arguments: str) -> str:
    return parse([*NEEDED, *arguments]).data_plane


def test_this_machine_has_built_it() -> None:
    assert build.library().exists(), "run bin/setup; the tests need a C compiler"
    assert library.load().slots_at_once >= 16


def test_each_file_is_small_enough_to_read_in_one_sitting() -> None:
    assert [each.name for each in build.SOURCES] == ["fan_out.c", "take_in.c"]
    for each in (build.HEADER, *build.SOURCES):
        assert len(each.read_text(encoding="utf-8").splitlines()) <= 300, each.name


def test_no_headers_are_needed_but_those_of_libc_and_the_one_that_is_shared() -> None:
    written = "".join(each.read_text(encoding="utf-8") for each in (build.HEADER, *build.SOURCES))
    included = [line for line in written.splitlines() if line.startswith("#include") and '"' in line]
    assert included == ['#include "plane.h"'] * len(build.SOURCES)


def test_every_file_of_the_source_counts_in_what_its_library_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [Path(shutil.copy(each, tmp_path)) for each in (build.HEADER, *build.SOURCES)]
    monkeypatch.setattr(build, "HEADER", files[0])
    monkeypatch.setattr(build, "SOURCES", tuple(files[1:]))
    names = {build.library().name}
    for each in files:
        each.write_bytes(each.read_bytes() + b"\n")
        names.add(build.library().name)
    assert len(names) == 1 + len(files)


def test_another_source_has_another_library_and_the_older_one_goes(tmp_path: Path) -> None:
    (tmp_path / "plane-0123456789abcdef.so").write_bytes(b"older")
    made = build.build((*build.FLAGS, "-Werror"), tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [made.name]
    assert made.name.startswith("plane-")
    assert made.name != build.library().name
    written = made.stat().st_mtime_ns
    assert build.build((*build.FLAGS, "-Werror"), tmp_path).stat().st_mtime_ns == written


def test_without_a_compiler_the_build_says_so_in_one_line_and_is_content(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "realtime.relay.compiled.build", str(tmp_path)], env={"PATH": str(tmp_path)},
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "the data plane stays in Python: there is no C compiler\n"


def test_what_is_not_there_or_is_no_library_is_told_and_not_loaded(tmp_path: Path) -> None:
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"\x7fELF, but no more")
    for path in (tmp_path / "missing.so", broken):
        with pytest.raises(MissingLibraryError, match="run bin/setup"):
            library.load(path)


def test_the_option_chooses_and_a_wrong_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_CONTROL_SECRET", "s" * 16)
    monkeypatch.delenv("RELAY_DATA_PLANE", raising=False)
    assert chosen() == "auto"
    assert chosen("--data-plane", "python") == "python"
    monkeypatch.setenv("RELAY_DATA_PLANE", "compiled")
    assert chosen() == "compiled"
    assert chosen("--data-plane", "auto") == "auto"
    with pytest.raises(OptionsError, match="auto, python, compiled"):
        chosen("--data-plane", "fast")


def test_auto_takes_the_compiled_one_where_it_works() -> None:
    for wanted, name in (("auto", "compiled"), ("compiled", "compiled"), ("python", "python")):
        made = choose(wanted, counters=Counters(), send=lambda data, address: None, descriptor=-1)
        assert made.name == name


def test_the_process_says_what_it_forwards_with(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with RelayProcess(tmp_path / "facts", "--data-plane", "compiled", log=log) as relay:
        status, text = relay.page("/metrics", secret=SECRET)
    assert status == 200
    assert 'relay_data_plane{plane="compiled"} 1.0' in text
    started = [json.loads(line) for line in log.read_text().splitlines() if "relay.started" in line]
    assert [line["data_plane"] for line in started] == ["compiled"]

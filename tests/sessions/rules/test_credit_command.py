"""`manage.py credit`: one command, no database."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.sessions.rules.builders import enrollment, evidence, patient, run, session

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = evidence(
    session(patient("p1", "09:00-12:15"), patient("zoë", "09:00-12:15")), enrollments=(enrollment(),)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(DOCUMENT, ensure_ascii=False), encoding="utf-8")
    return path


def refused(file: str | Path) -> str:
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("credit", str(file), stdout=out, stderr=err)
    assert caught.value.code == 2
    assert out.getvalue() == ""
    lines = err.getvalue().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_it_prints_the_result_as_json(file: Path):
    out, err = StringIO(), StringIO()
    call_command("credit", str(file), stdout=out, stderr=err)
    assert json.loads(out.getvalue()) == run(DOCUMENT)
    assert err.getvalue() == ""


def test_it_explains(file: Path):
    out = StringIO()
    call_command("credit", "--explain", str(file), stdout=out)
    assert "Session G, group_therapy" in out.getvalue()


def test_a_defect_is_one_line_that_begins_with_its_place(tmp_path: Path):
    broken = json.loads(json.dumps(DOCUMENT))
    broken["sessions"][0]["patients"][1]["presence"] = [["2026-11-17T09:00:00Z", "2026-11-17T08:00:00Z"]]
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken))
    assert refused(path) == "sessions[0].patients[1].presence[0]: ends before it starts"


def test_a_file_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path):
    missing = tmp_path / "missing.json"
    assert refused(missing) == f"{missing}: No such file or directory"
    assert refused(tmp_path) == f"{tmp_path}: Is a directory"
    assert refused("a\0b") == "'a\\x00b': not a file name"


def test_a_file_that_is_not_json_is_refused_by_its_line(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"{\n")
    assert refused(path).startswith("line 2 column 1: not JSON")
    path.write_bytes(b"\xff")
    assert refused(path) == "line 1: not UTF-8"
    path.write_bytes(b"[" * 200_000)
    assert refused(path) == "file: nested too deeply"


def test_an_endless_file_is_refused():
    assert refused("/dev/zero").startswith("file: larger than")


def command(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the real command with a database, a Redis and a locale that are of no use."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LC_ALL": "C",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "credit", *arguments],
        cwd=ROOT,
        env=environment,
        input=stdin,
        capture_output=True,
        check=False,
    )


def test_it_needs_no_database_and_reads_standard_input():
    done = command("-", stdin=json.dumps(DOCUMENT, ensure_ascii=False).encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == run(DOCUMENT)


def test_the_real_command_refuses_with_two_and_one_line():
    done = command("-", stdin=b'{"version": 2}')
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"version: must be 1\n")

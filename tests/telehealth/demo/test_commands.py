"""`manage.py demo` as a person types it: it comes up, serves, and ends with Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from telehealth.demo import cast
from telehealth.demo.ports import free_port
from telehealth.demo.supervisor import REFUSED
from tests.patience import PATIENCE_SECONDS

MANAGE = str(settings.BASE_DIR / "manage.py")
OUTSIDE = {"DATABASE_URL", "REDIS_URL", "DEMO_MODE", "DATA_DIR", "PUBLIC_ORIGIN"}


def _environment(**changes: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OUTSIDE} | changes


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the demo in a folder of its own."""
    port = str(free_port(18000))
    with subprocess.Popen(
        [sys.executable, MANAGE, "demo", "--port", port, "--data-dir", str(tmp_path / "demo")],
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        process.kill()


def _lines_until(process: subprocess.Popen[str], last: str) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if last in line:
            return "".join(said)
    raise AssertionError(f"the demo ended: {''.join(said)}")


def _status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_demo_names_its_address_and_logins_serves_and_ends_cleanly(demo: subprocess.Popen[str]) -> None:
    said = _lines_until(demo, "Ctrl-C")
    found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
    assert found is not None
    assert all(account.person.email in said for account in cast.LOGINS)
    assert _status(int(found[1]), "/accounts/login/") == 200
    demo.send_signal(signal.SIGINT)
    assert demo.wait(30) == 0
    with pytest.raises(ConnectionRefusedError):
        _status(int(found[1]), "/livez")


def test_the_server_of_the_demo_is_not_for_other_databases(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, MANAGE, "demo_server", "--port", "1"],
        env=_environment(DATA_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == REFUSED
    assert "bin/demo" in done.stderr

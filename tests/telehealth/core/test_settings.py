"""Contradictory settings stop a server, each with its id; secrets come from a variable or a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from telehealth.core.start import TAG, refuse_contradictions
from telehealth.settings import env

ROOT = Path(__file__).resolve().parents[3]


def found() -> set[str | None]:
    return {message.id for message in run_checks(tags=[TAG], include_deployment_checks=True)}


def test_the_settings_of_the_tests_fit_together() -> None:
    assert found() == set()
    refuse_contradictions()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SECRET_KEY_IS_MISSING": True}, "core.E001"),
        ({"REQUIRE_STAFF_MFA": False, "TESTING": False, "DEMO_MODE": False}, "core.E002"),
        ({"EMBEDDED_WORKER": True, "REDIS_URL": "redis://127.0.0.1:1"}, "core.E003"),
        ({"PUBLIC_ORIGIN": "care.example.org"}, "core.E004"),
        ({"PUBLIC_ORIGIN": "https://care.example.org/app"}, "core.E004"),
        ({"PUBLIC_ORIGIN": "http://care.example.org", "DEMO_MODE": False}, "core.E005"),
        ({"RELAY_CONTROL_URL": "ws://127.0.0.1:1", "RELAY_CONTROL_SECRET": ""}, "core.E006"),
        ({"DEMO_MODE": True, "DATABASE_URL": "postgres://x", "IS_DEMO_DATABASE_ALLOWED": False}, "core.E007"),
        ({"EMAIL_HOST": "", "TESTING": False, "DEMO_MODE": False}, "core.E008"),
        ({"TURN_URLS": ["turn:turn.example.org"], "TURN_SECRET": ""}, "core.E009"),
        ({"TURN_URLS": [], "TURN_SECRET": "a secret for nobody"}, "core.E009"),
        ({"TURN_URLS": ["stun:turn.example.org"], "TURN_SECRET": "long enough secret"}, "core.E009"),
        ({"TURN_URLS": ["turn:u:p@turn.example.org"], "TURN_SECRET": "long enough secret"}, "core.E009"),
        ({"TURN_URLS": ["turn:turn.example.org"], "TURN_SECRET": "short"}, "core.E009"),
        ({"ICE_TRANSPORT_POLICY": "relay"}, "core.E009"),
        ({"ICE_TRANSPORT_POLICY": "none"}, "core.E009"),
        ({"TURN_TTL_SECONDS": 60}, "core.E009"),
    ],
)
def test_a_contradiction_stops_the_server(
    settings: Settings, changes: dict[str, object], expected: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert expected in found()
    with pytest.raises(ImproperlyConfigured, match=expected):
        refuse_contradictions()


def test_the_demo_may_let_staff_in_without_a_second_factor(settings: Settings) -> None:
    settings.DEMO_MODE, settings.TESTING, settings.REQUIRE_STAFF_MFA = True, False, False
    assert "core.E002" not in found()


def test_the_demo_may_write_its_mail_to_the_console(settings: Settings) -> None:
    settings.DEMO_MODE, settings.TESTING, settings.EMAIL_HOST = True, False, ""
    assert "core.E008" not in found()


def test_a_server_without_a_secret_key_does_not_start_but_commands_run(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    run = {**kept, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "telehealth.settings"}
    server = subprocess.run(
        [sys.executable, "-c", "import telehealth.asgi"],
        env=run,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert server.returncode != 0
    assert "core.E001" in server.stderr
    command = subprocess.run([sys.executable, "manage.py", "check"], env=run, cwd=ROOT, check=False)
    assert command.returncode == 0


def test_a_secret_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("quiet\n", encoding="ascii")
    monkeypatch.setenv("THING_FILE", str(path))
    assert env.secret("THING") == "quiet"


def test_a_secret_given_twice_or_in_a_missing_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THING_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env.secret("THING")
    monkeypatch.setenv("THING", "x")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        env.secret("THING")


@pytest.mark.parametrize(
    ("raw", "value"), [("1", True), ("yes", True), ("0", False), ("", False), ("Off", False)]
)
def test_flags_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch, raw: str, value: bool) -> None:
    monkeypatch.setenv("THING", raw)
    assert env.flag("THING", default=not value) is value


def test_an_unclear_flag_or_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "maybe")
    with pytest.raises(ImproperlyConfigured):
        env.flag("THING", default=True)
    with pytest.raises(ImproperlyConfigured):
        env.number("THING", 1)

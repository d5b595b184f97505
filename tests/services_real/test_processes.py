"""The processes of docker-compose.yml, started without Docker: they come up, answer and end when told to."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
MANAGE = [sys.executable, "manage.py"]
STARTS_WITHIN_SECONDS = 180
PATIENCE = Event()  # never set: waiting for it is a pause between two questions


@pytest.fixture
def database_url() -> Iterator[str]:
    """Give a database of its own where the run has a server; an empty word means SQLite in DATA_DIR."""
    if not settings.DATABASE_URL:
        yield ""
        return
    name = f"processes_{uuid4().hex}"
    with closing(psycopg.connect(settings.DATABASE_URL, autocommit=True)) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}"))
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    port = free_port()
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": uuid4().hex * 2,
        "PUBLIC_ORIGIN": f"http://127.0.0.1:{port}",
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": database_url,
        "REDIS_URL": settings.REDIS_URL,
        "RELAY_CONTROL_SECRET": uuid4().hex,
        "EMAIL_HOST": "127.0.0.1",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def end(process: subprocess.Popen[str]) -> int:
    process.terminate()
    return process.wait(timeout=PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page said."""

    status: int
    headers: Mapping[str, str]
    body: str


def ask(url: str) -> Answer:
    try:
        answer: HTTPResponse = urllib.request.urlopen(url, timeout=PATIENCE_SECONDS)  # noqa: S310 - our own server
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read().decode())
    with answer:
        return Answer(answer.status, dict(answer.headers), answer.read().decode())


def ask_until(url: str, status: int, process: subprocess.Popen[str]) -> Answer:
    said = "nothing"
    for _ in range(STARTS_WITHIN_SECONDS * 5):
        assert process.poll() is None, process.communicate()[0]
        try:
            answer = ask(url)
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            said = str(error)
        else:
            if answer.status == status:
                return answer
            said = f"{answer.status} {answer.body}"
        PATIENCE.wait(0.2)
    pytest.fail(f"{url} did not answer {status}: {said}")


def daphne(env: Mapping[str, str]) -> list[str]:
    port = str(urlsplit(env["PUBLIC_ORIGIN"]).port)
    return [
        *(sys.executable, "-m", "daphne", "-v", "0", "--bind", "127.0.0.1", "--port", port),
        "telehealth.asgi:application",
    ]


def test_web_relay_and_worker_come_up_answer_and_end(environment: dict[str, str], tmp_path: Path) -> None:
    subprocess.run([*MANAGE, "migrate", "--no-input", "-v", "0"], cwd=ROOT, env=environment, check=True)
    relay = [
        *(sys.executable, "-m", "realtime.relay", "--udp", "127.0.0.1:0", "--control", "127.0.0.1:0"),
        *("--facts", str(tmp_path / "facts")),
    ]
    with running(relay, environment) as relay_process:
        assert relay_process.stdout is not None
        lines = (json.loads(line) for line in relay_process.stdout)  # the log comes by the same way
        ready = next(line for line in lines if "control" in line)
        control = ready["control"] if isinstance(ready["control"], str) else "{}:{}".format(*ready["control"])
        env = {**environment, "RELAY_CONTROL_URL": f"ws://{control}"}
        with running(daphne(env), env) as web:
            assert ask_until(f"{env['PUBLIC_ORIGIN']}/readyz", 200, web).body
            page = ask(f"{env['PUBLIC_ORIGIN']}/accounts/login/")
            assert page.status == 200
            assert "Content-Security-Policy" in page.headers
            if settings.REDIS_URL:
                with running([*MANAGE, "worker"], env) as worker:
                    assert worker.stdout is not None
                    assert any("relay.link_up" in line for line in worker.stdout)
                    assert end(worker) == 0
            assert end(web) == 0
        assert end(relay_process) == 0


def test_a_worker_without_redis_says_what_to_do(environment: dict[str, str]) -> None:
    env = {**environment, "REDIS_URL": ""}
    done = subprocess.run(
        [*MANAGE, "worker"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN_SECONDS,
        check=False,
    )
    assert done.returncode != 0
    assert "REDIS_URL" in done.stderr


def test_compose_starts_the_commands_that_are_tested_here() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    image = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert '["python", "manage.py", "worker"]' in compose
    assert "- realtime.relay" in compose
    assert re.search(r'CMD \["daphne", "-v", "0".*"telehealth.asgi:application"\]', image)


def test_compose_asks_for_every_value_that_the_example_names() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+)", compose))
    assert asked == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))

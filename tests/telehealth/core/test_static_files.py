"""Files of the pages are answered ahead of Django, and everything else is left to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from pytest_django import Settings

from telehealth.core.static_files import StaticFiles

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> StaticFiles:
    """Serve two files: one whose name says what is in it, and one that may change."""
    (tmp_path / "room-AbCd1234.js").write_text("let here;")
    (tmp_path / "icon.svg").write_text("<svg/>")
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()
    try:
        return StaticFiles(elsewhere)
    finally:
        finders.get_finder.cache_clear()


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"Django"})


async def ask(files: StaticFiles, path: str, method: str = "GET", **headers: str) -> Answer:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await files({"type": "http", "method": method, "path": path, "headers": given}, None, send)
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


async def test_a_file_comes_whole_and_says_how_long_it_may_be_kept(files: StaticFiles) -> None:
    status, headers, body = await ask(files, "/static/room-AbCd1234.js")
    assert (status, body) == (200, b"let here;")
    assert headers["content-length"] == "9"
    assert "javascript" in headers["content-type"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "immutable" in headers["cache-control"]
    assert "immutable" not in (await ask(files, "/static/icon.svg"))[1]["cache-control"]


async def test_what_a_browser_has_already_is_not_sent_again(files: StaticFiles) -> None:
    tag = (await ask(files, "/static/icon.svg"))[1]["etag"]
    assert (await ask(files, "/static/icon.svg", if_none_match=tag))[::2] == (304, b"")
    assert (await ask(files, "/static/icon.svg", "HEAD"))[::2] == (200, b"")
    assert (await ask(files, "/static/icon.svg", range="bytes=1-3"))[::2] == (206, b"svg")
    assert (await ask(files, "/static/icon.svg", "POST"))[0] == 405


async def test_everything_else_is_djangos(files: StaticFiles) -> None:
    for path in ("/", "/static/", "/static/unknown.js", "/static/../manage.py", "/rooms/x/"):
        assert (await ask(files, path))[::2] == (418, b"Django")

"""What the browser tests share: one installation, one Chromium with a fake camera and a voice, people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.arguments import ARGUMENTS
from tests.browser.people import Meeting, meeting
from tests.browser.stack import Stack
from tests.browser.tone import write_speech


@pytest.fixture(scope="session")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests; every person has a context of their own."""
    voice = write_speech(tmp_path_factory.mktemp("voice") / "voice.wav")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium,
            headless=True,
            args=[*ARGUMENTS, f"--use-file-for-fake-audio-capture={voice}"],
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One installation for all tests; scenes keep them apart. Its log may name no fault and no person."""
    with Stack(Path(tmp_path_factory.mktemp("stack"))) as running:
        yield running
    assert running.complaints() == []


@pytest.fixture
def people(stack: Stack, browser: Browser) -> Iterator[Meeting]:
    """Make people at browsers; at the end their pages close, and none may have thrown an error."""
    with meeting(stack, browser) as held:
        yield held

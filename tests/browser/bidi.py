"""Firefox driven over WebDriver BiDi, which it speaks itself: one WebSocket and no driver between.

    with Firefox(folder) as firefox:
        page = firefox.open("http://127.0.0.1:8000/")
        page.call("(words) => document.title + words", "!")

Camera and microphone are Firefox's own inventions: a moving picture and a tone.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from websockets.sync.client import ClientConnection, connect

from tests.patience import PATIENCE_SECONDS

T = TypeVar("T")

NAMES = ("firefox-esr", "firefox")
SAYS_WHERE = re.compile(rb"WebDriver BiDi listening on (ws://[\d.:]+)")
STEP_SECONDS = 0.2
IN_JSON = "async (words) => JSON.stringify(await (%s)(...JSON.parse(words)) ?? null)"
BIGGEST_ANSWER = 64 * 1024 * 1024
PREFERENCES: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.autoplay.default": 0,
    # A browser that is only here for one test asks nobody for anything.
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "",
}


def program() -> str:
    """Give the path of the Firefox to drive: `FIREFOX`, or the machine's own."""
    named = os.environ.get("FIREFOX")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    assert found is not None, "The browser tests need Firefox: install firefox-esr, or name it in FIREFOX."
    return found


class BidiError(Exception):
    """The browser refused a command, or the page's script threw."""


class Firefox:
    """One headless Firefox with a profile of its own, gone when the block ends."""

    def __init__(self, program: str, folder: Path) -> None:
        profile = folder / "profile"
        profile.mkdir(parents=True)
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()
        )
        (profile / "user.js").write_text("\n".join(lines))
        self._log = folder / "firefox.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    "--headless",
                    "--no-remote",
                    "--profile",
                    str(profile),
                    "--remote-debugging-port",
                    "0",
                ],
                stdout=log,
                stderr=log,
            )
        self._numbers = itertools.count(1)
        self._socket: ClientConnection | None = None

    def __enter__(self) -> Self:
        try:
            self._socket = connect(
                f"{self._address()}/session", max_size=BIGGEST_ANSWER, compression=None, legacy=True
            )
            self.ask("session.new", capabilities={})
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _address(self) -> str:
        said = wait(
            lambda: SAYS_WHERE.search(self._log.read_bytes()) or self._process.poll(),
            lambda found: found is not None,
            within=PATIENCE_SECONDS,
        )
        assert isinstance(said, re.Match), self._log.read_text(errors="replace")
        return str(said[1], "ascii")

    def _end(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:  # JSON
        """Send a command and return its result; events that come meanwhile are nobody's."""
        assert self._socket is not None
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(PATIENCE_SECONDS))
            if said.get("id") != number:
                continue
            if said["type"] != "success":
                raise BidiError(f"{method}: {said.get('error')}: {said.get('message')}")
            return dict(said["result"])

    def open(self, address: str, *, first: str | None = None) -> Tab:
        """Open a tab; `first` is a function that runs in every document before its own scripts."""
        tab = Tab(self, self.ask("browsingContext.create", type="tab")["context"])
        if first is not None:
            self.ask("script.addPreloadScript", functionDeclaration=first, contexts=[tab.context])
        tab.go(address)
        return tab


class Tab:
    """One page."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox, self.context = firefox, context

    def go(self, address: str) -> None:
        """Load an address and wait until it is there."""
        self._firefox.ask("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def call(self, function: str, *arguments: object) -> Any:  # JSON
        """Call a JavaScript function with JSON arguments; give what it came to, as JSON."""
        said = self._firefox.ask(
            "script.callFunction",
            functionDeclaration=IN_JSON % function,
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            awaitPromise=True,
            userActivation=True,
            target={"context": self.context},
        )
        if said["type"] != "success":
            raise BidiError(said["exceptionDetails"]["text"])
        return json.loads(said["result"]["value"])

    def until(
        self, probe: Callable[[], T], enough: Callable[[T], bool], *, within: float = PATIENCE_SECONDS
    ) -> T:
        """Ask again and again until the answer is enough; give it."""
        return wait(probe, enough, within=within)


def wait(probe: Callable[[], T], enough: Callable[[T], bool], *, within: float) -> T:
    """Ask again and again until the answer is enough; give it."""
    pause = threading.Event()  # never set
    answer = probe()
    for _ in range(int(within / STEP_SECONDS)):
        if enough(answer):
            return answer
        pause.wait(STEP_SECONDS)
        answer = probe()
    raise AssertionError(f"it did not happen within {within} s: {answer}")

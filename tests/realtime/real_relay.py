"""Start and stop the real relay process on free loopback ports."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.patience import PATIENCE_SECONDS

SECRET = "a secret of the tests only"
ROOT = Path(__file__).resolve().parents[2]


class RealRelay:
    """One relay process; its facts stay in `facts` when it is killed."""

    def __init__(self, facts: Path) -> None:
        self._facts = facts
        self._process: asyncio.subprocess.Process | None = None
        self.boot = ""
        self.control = "127.0.0.1:0"

    @property
    def url(self) -> str:
        return f"ws://{self.control}"

    async def start(self) -> None:
        """Start, on the same control port as before if it ran before."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "realtime.relay", "--udp", "127.0.0.1:0", "--control", self.control),
            *("--facts", str(self._facts), "--exit-with-stdin"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "RELAY_CONTROL_SECRET": SECRET},
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            ready = json.loads(await self._process.stdout.readline())
        self.boot, self.control = ready["boot"], ready["control"]

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._process = None

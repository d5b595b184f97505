"""A room as its people see it: a therapist and a patient on their tabs, and the relay behind them."""

from __future__ import annotations

import asyncio

from realtime.runtime import Runtime
from tests.cast import Cast
from tests.patience import PATIENCE_SECONDS
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.tabs import Tab, open_tab


class Room:
    """A therapist and a patient on their tabs."""

    def __init__(self, cast: Cast, relay: FakeRelay, runtime: Runtime) -> None:
        self.cast = cast
        self.relay = relay
        self.runtime = runtime
        self.therapist: Tab
        self.patient: Tab

    async def open(self) -> None:
        self.therapist = await open_tab(self.cast.group_session.pk, self.cast.therapist)
        await self.therapist.join()
        self.patient = await open_tab(self.cast.group_session.pk, self.cast.patient)
        await self.patient.join()

    async def admit(self) -> None:
        await self.ask("session.start")
        await self.ask("participant.admit", participant=str(self.cast.patient.pk))
        await self.patient.until_state(self.cast.patient.pk, "IN_ROOM")
        assert (await self.patient.call("publish.offer", generation=1, sdp="v=0"))["type"] == "publish.answer"

    async def ask(self, kind: str, **fields: object) -> None:
        assert (await self.therapist.call(kind, **fields))["type"] == "ack"

    async def settle(self) -> None:
        """Wait until the relay was told everything."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.runtime.desk.is_idle:
                await asyncio.sleep(0)

"""The web side's processes: the real services, desk, ingester and sweeper, killed and started by hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any, TypeVar, cast
from uuid import UUID

from asgiref.sync import AsyncToSync, SyncToAsync
from channels.db import database_sync_to_async
from django.db import DatabaseError, connection

from realtime import runtime as process
from realtime.desk import RelayDesk, Wanted
from realtime.ingest import Ingester
from realtime.reading import read_wanted
from realtime.runtime import Runtime
from realtime.sweeper import Sweeper
from telehealth.core.errors import DomainError
from tests.faults.edges import DatabaseDoor, Killed, Leases, Steps
from tests.faults.link import Link, Weather
from tests.faults.relay_host import Boot, RelayHost
from tests.faults.simulated_time import Clocks

T = TypeVar("T")


class AtOnce(Executor):
    """Run what async code hands to its thread right here, so that one seed is one order of events."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        loop = asyncio.get_running_loop()
        # For as long as it runs this is a thread without a loop, as the one would be that it stands for.
        asyncio._set_running_loop(None)
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            done.set_exception(error)
        finally:
            asyncio._set_running_loop(loop)
            # The loop stands still between the steps: nobody may hand work to it.
            SyncToAsync.threadlocal.main_event_loop_pid = None
        return done


class Loop:
    """An event loop that stands still between two calls."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        AsyncToSync.loop_thread_executors[self._loop] = AtOnce()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something to its end."""
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        """End the loop."""
        del AsyncToSync.loop_thread_executors[self._loop]
        self._loop.close()


class Machine:
    """What all processes of a schedule share."""

    def __init__(
        self,
        *,
        clocks: Clocks,
        relay: RelayHost,
        loop: Loop,
        luck: random.Random,
        clock_told: Callable[[Boot, int], None],
    ) -> None:
        self.clocks = clocks
        self.relay = relay
        self.loop = loop
        self.luck = luck
        self.clock_told = clock_told
        self.steps = Steps()
        self.door = DatabaseDoor(self.steps, luck)
        self.weather = Weather()
        self.shared_leases = Leases(clocks.monotonic, self.steps)
        self.surprises: list[str] = []


class Process:
    """One process of the web side: `is_web` serves sockets, `is_worker` does the background work."""

    def __init__(self, name: str, machine: Machine, *, is_worker: bool, has_redis: bool) -> None:
        self.name = name
        self._machine = machine
        self._is_worker = is_worker
        self._has_redis = has_redis
        self.is_up = False
        self.starts_at = machine.clocks.ms
        self.leases = machine.shared_leases

    def start(self) -> None:
        """Come up with nothing in memory."""
        machine = self._machine
        self.is_up = True
        if not self._has_redis:
            machine.shared_leases.wipe()
        self.link = Link(
            host=machine.relay,
            clocks=machine.clocks,
            weather=machine.weather,
            steps=machine.steps,
            luck=machine.luck,
            clock_told=machine.clock_told,
        )
        self.desk = RelayDesk(self.link, _read_wanted)
        if self._is_worker:
            self.ingester = Ingester(relay=self.link, presence=self.leases, now=machine.clocks.web)
            self.sweeper = Sweeper(
                presence=self.leases,
                desk=self.desk,
                live=self.ingester.live,
                now=machine.clocks.web,
                monotonic=machine.clocks.monotonic,
            )

    def die(self, down_ms: int) -> None:
        """Be gone; whatever it held in memory is lost."""
        self.is_up = False
        self.starts_at = self._machine.clocks.ms + down_ms

    def follow(self) -> None:
        """Do what does not wait: keep the link, come back up."""
        if not self.is_up and self._machine.clocks.ms >= self.starts_at:
            self.start()
        if self.is_up:
            self.link.follow()
            if not self.desk.is_idle and self.link.boot is not None:
                self.work(self.desk.once)

    def ingest(self) -> None:
        """Bring the relay's facts in."""
        if self.is_up and self._is_worker:
            self.work(self.ingester.once)

    def sweep(self) -> None:
        """Do what time asks for."""
        if self.is_up and self._is_worker:
            self.work(self.sweeper.once)

    def work(self, once: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Do one round of a task; what it does not catch itself, its supervisor does."""
        try:
            with self._acting():
                self._machine.loop.run(once())
        except (DatabaseError, DomainError):
            pass  # the tasks' own loops take these
        except Exception as error:  # noqa: BLE001 - the supervisor's part
            self._machine.surprises.append(f"{self.name}: {type(error).__name__}")
        self._announce()

    def act(self, service: Callable[..., T], **arguments: object) -> T | None:
        """Call a service for somebody; None where it was refused or the process died of it."""
        result: T | None = None
        try:
            with self._acting():
                result = service(**arguments, at=self._machine.clocks.web())
        except (DatabaseError, DomainError):
            connection.run_on_commit.clear()
        self._announce()
        return result if self.is_up else None

    def ask(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do something that needs the loop; None where it failed or the process died of it."""
        try:
            with self._acting():
                return self._machine.loop.run(work)
        except Exception:  # noqa: BLE001 - the socket ends, the browser tries again
            return None

    def _announce(self) -> None:
        """Say what was committed; the test's own transaction never ends, so it is done by hand."""
        waiting = [each[1] for each in connection.run_on_commit]
        connection.run_on_commit.clear()
        for say in waiting:
            if not self.is_up:
                return
            with self._acting():
                self._machine.steps.take()
                say()

    def submit(self, action: Callable[[], None]) -> None:
        """Do something on this process's loop (the receivers' way to the desk)."""
        action()

    def _acting(self) -> _Acting:
        return _Acting(self, self._machine)

    def killed(self) -> None:
        """Die of the step that was chosen."""
        connection.run_on_commit.clear()
        self.die(self._machine.luck.randrange(1_000, 40_000))


class _Acting:
    """Say which process the next steps belong to, and bury it when one of them kills it."""

    def __init__(self, owner: Process, machine: Machine) -> None:
        self._owner = owner
        self._machine = machine

    def __enter__(self) -> None:
        self._machine.steps.acting = self._owner.name
        process.install(cast(Runtime, self._owner))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        self._machine.steps.acting = None
        process.install(None)
        if isinstance(error, Killed):
            self._owner.killed()
            return True
        return False


async def _read_wanted(room: str) -> Wanted:
    wanted: Wanted = await database_sync_to_async(read_wanted)(UUID(room))
    return wanted

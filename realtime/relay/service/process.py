"""The relay as a process: sockets, timers, signals, and an end that is prompt."""

import asyncio
import contextlib
import gc
import ipaddress
import json
import logging
import os
import secrets
import signal
import stat
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial

from aiortc import RTCCertificate

from realtime.relay.clock import SECOND, WebClock
from realtime.relay.compiled.choice import choose
from realtime.relay.compiled.library import MissingLibraryError
from realtime.relay.counters import Counters
from realtime.relay.facts.journal import Journals
from realtime.relay.plane import DataPlane
from realtime.relay.relay import TICK_SECONDS, Relay
from realtime.relay.seat import Environment
from realtime.relay.service import logs
from realtime.relay.service.control import ControlServer
from realtime.relay.service.dispatch import Dispatch
from realtime.relay.service.ending import HardExit
from realtime.relay.service.health import Health
from realtime.relay.service.metrics import Metrics
from realtime.relay.service.options import Options, OptionsError
from realtime.relay.service.probes import Probes
from realtime.relay.service.survey import SURVEY_SECONDS, survey
from realtime.relay.transport import selftest
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.transport.udp_mux import UdpMux, UdpSocket
from realtime.wire.relay import Event, MediaEvent

logger = logging.getLogger("realtime.relay")

_SYNC_SECONDS = 1.0


async def run(options: Options) -> None:
    """Serve until told to stop; on the way out every connection gets its `closed` fact."""
    boot = str(uuid.uuid4())
    logs.configure(boot, options.log_level)
    certificate = RTCCertificate.generateCertificate()
    selftest.run(certificate)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.loop_exception)
    stop = asyncio.Event()
    if options.exits_with_stdin:
        await _follow_stdin(stop)

    now = time.monotonic_ns
    clock, counters = WebClock(), Counters()
    udp = UdpSocket(host=options.udp[0], port=options.udp[1], counters=counters)
    plane = _data_plane(options, udp, counters)
    mux = UdpMux(counters=counters, now=now, intake=plane.intake)
    journals = Journals(directory=options.facts, boot=boot, clock=clock)
    control = ControlServer(secret=options.secret, tls=options.tls)
    relay = Relay(
        boot=boot,
        environment=Environment(
            certificate=certificate,
            fingerprint=_fingerprint(certificate),
            candidates=options.candidates or (_reachable(udp),),
            send=udp.send,
            mux=mux,
            counters=counters,
            random_below=secrets.randbelow,
            audio_slots=options.audio_slots,
            video_slots=options.video_slots,
            last_n=options.last_n,
            plane=plane,
        ),
        journals=journals,
        clock=clock,
        now=now,
        emit=_logged(control.emit),
    )
    health = Health(relay=relay, clock=clock, journals=journals, is_socket_open=lambda: udp.is_open)
    metrics = Metrics(
        relay=relay,
        counters=counters,
        journals=journals,
        web_processes=lambda: control.web_processes,
        data_plane=plane.name,
    )
    _follow_signals(relay, stop, options.drain_seconds)
    bound = await control.start(
        host=options.control[0],
        port=options.control[1],
        dispatch=Dispatch(relay=relay, journals=journals, clock=clock, now=now),
        probes=Probes(deadly=health.deadly, unready=health.unready, metrics=metrics.text),
    )
    # Modules and what else was made so far stay for ever: a collection that goes through all of it stops
    # every room for some 30 ms.
    gc.collect()
    gc.freeze()
    udp.start(mux, partial(plane.burst, counters))
    logger.info("relay.started", extra={"data_plane": plane.name})
    _say_ready(boot, bound, udp.address)
    async with asyncio.TaskGroup() as tasks:
        timers = [
            tasks.create_task(_tick(relay, counters, health, stop)),
            tasks.create_task(_sync(journals, health)),
            tasks.create_task(_survey(relay, counters)),
        ]
        await stop.wait()
        for timer in timers:
            timer.cancel()
    await _close(relay, udp, control, journals)


def _data_plane(options: Options, udp: UdpSocket, counters: Counters) -> DataPlane:
    try:
        return choose(options.data_plane, counters=counters, send=udp.send, descriptor=udp.descriptor)
    except MissingLibraryError as error:
        raise OptionsError(str(error)) from error


async def _close(relay: Relay, udp: UdpSocket, control: ControlServer, journals: Journals) -> None:
    """End in steps, none of which can keep the process; the last one is what Python itself has to end."""
    guard = HardExit()
    logger.info("relay.closing", extra={"rooms": len(relay.rooms), "connections": len(relay.connections)})
    guard.step("connections")
    relay.close_all("shutdown")
    udp.close()
    guard.step("goodbye")
    await control.stop()
    guard.step("journals")
    journals.close()
    guard.step("process")


def _follow_signals(relay: Relay, stop: asyncio.Event, drain_seconds: int) -> None:
    """Drain at the first signal, end at the second."""

    def asked() -> None:
        if asked_before:
            stop.set()
            return
        asked_before.append(True)
        relay.drain(drain_seconds, is_final=True)
        logger.info(
            "relay.draining",
            extra={
                "seconds": drain_seconds,
                "rooms": len(relay.rooms),
                "connections": len(relay.connections),
            },
        )
        if relay.is_over:
            stop.set()

    asked_before: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked)


def _logged(emit: Callable[[Event], None]) -> Callable[[Event], None]:
    """Write down whose media came and went, on its way to the web processes."""

    def both(event: Event) -> None:
        if isinstance(event, MediaEvent):
            ids = {"room": event.room, "connection": event.connection, "state": event.state}
            logger.info("relay.media", extra={**ids, "reason": event.reason})
        emit(event)

    return both


def _fingerprint(certificate: RTCCertificate) -> Fingerprint:
    chosen = next(each for each in certificate.getFingerprints() if each.algorithm == "sha-256")
    return Fingerprint(chosen.algorithm, chosen.value)


def _reachable(udp: UdpSocket) -> tuple[str, int]:
    if ipaddress.ip_address(udp.address[0]).is_unspecified:
        raise OptionsError(
            "--udp listens on every address, so --candidate must say which one browsers can reach."
        )
    return udp.address


def _say_ready(boot: str, control: tuple[str, int], udp: tuple[str, int]) -> None:
    line = {"boot": boot, "control": _written(control), "udp": _written(udp)}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _written(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _tick(relay: Relay, counters: Counters, health: Health, stop: asyncio.Event) -> None:
    while True:
        try:
            relay.tick()
        except Exception:  # noqa: BLE001 - the fence: `fault` logs it; a clock that stops would silence every room
            relay.fault("tick_fault")
        health.ticked()
        if relay.is_over:
            stop.set()
        before_ns = time.monotonic_ns()
        await asyncio.sleep(TICK_SECONDS)
        late = (time.monotonic_ns() - before_ns) / SECOND - TICK_SECONDS
        counters.loop_lag.observe(max(0.0, late))


async def _sync(journals: Journals, health: Health) -> None:
    while True:
        await asyncio.sleep(_SYNC_SECONDS)
        if journals.current.is_dirty:
            try:
                await asyncio.to_thread(journals.current.sync)
                health.is_synced = True
            except OSError:
                health.is_synced = False
                logger.exception("relay.sync_failed")


async def _survey(relay: Relay, counters: Counters) -> None:
    while True:
        await asyncio.sleep(SURVEY_SECONDS)
        try:
            survey(relay, counters, time.monotonic_ns())
        except Exception:  # noqa: BLE001 - the fence: numbers for operators must not end the process
            relay.fault("survey_fault")


async def _follow_stdin(stop: asyncio.Event) -> None:
    """Stop when the parent's end of our standard input is closed, which it is however the parent dies."""
    descriptor = sys.stdin.fileno()
    loop = asyncio.get_running_loop()
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise OptionsError("--exit-with-stdin needs a pipe as standard input.")

    def readable() -> None:
        with contextlib.suppress(BlockingIOError):
            if not os.read(descriptor, 4096):
                loop.remove_reader(descriptor)
                stop.set()

    os.set_blocking(descriptor, False)
    loop.add_reader(descriptor, readable)

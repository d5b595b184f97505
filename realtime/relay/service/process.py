"""The relay as a process: sockets, timers, signals, and an end that is prompt."""

import asyncio
import contextlib
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

from aiortc import RTCCertificate

from realtime.relay.clock import WebClock
from realtime.relay.counters import Counters
from realtime.relay.facts.journal import Journals
from realtime.relay.relay import TICK_SECONDS, Relay
from realtime.relay.seat import Environment
from realtime.relay.service.control import ControlServer
from realtime.relay.service.dispatch import Dispatch
from realtime.relay.service.options import Options, OptionsError
from realtime.relay.transport import selftest
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.transport.udp_mux import UdpMux, UdpSocket

logger = logging.getLogger("realtime.relay")

_SYNC_SECONDS = 1.0


async def run(options: Options) -> None:
    """Serve until told to stop; on the way out every connection gets its `closed` fact."""
    certificate = RTCCertificate.generateCertificate()
    selftest.run(certificate)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.exits_with_stdin:
        await _follow_stdin(stop)

    boot = str(uuid.uuid4())
    now = time.monotonic_ns
    clock, counters = WebClock(), Counters()
    udp = UdpSocket(host=options.udp[0], port=options.udp[1], counters=counters)
    mux = UdpMux(counters=counters, now=now)
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
        ),
        journals=journals,
        clock=clock,
        now=now,
        emit=control.emit,
    )
    dispatch = Dispatch(relay=relay, journals=journals, clock=clock, now=now)
    bound = await control.start(host=options.control[0], port=options.control[1], dispatch=dispatch)
    udp.start(mux)
    _say_ready(boot, bound, udp.address)
    async with asyncio.TaskGroup() as tasks:
        timers = [tasks.create_task(_tick(relay)), tasks.create_task(_sync(journals))]
        await stop.wait()
        for timer in timers:
            timer.cancel()
    relay.close_all("shutdown")
    udp.close()
    await control.stop()
    journals.close()


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


async def _tick(relay: Relay) -> None:
    while True:
        try:
            relay.tick()
        except Exception:  # noqa: BLE001 - the fence: `fault` logs it; a clock that stops would silence every room
            relay.fault("tick_fault")
        await asyncio.sleep(TICK_SECONDS)


async def _sync(journals: Journals) -> None:
    while True:
        await asyncio.sleep(_SYNC_SECONDS)
        if journals.current.is_dirty:
            try:
                await asyncio.to_thread(journals.current.sync)
            except OSError:
                logger.exception("relay.sync_failed", extra={"event": "relay.sync_failed"})


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

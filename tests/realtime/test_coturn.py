"""The TURN server as it is deployed: our credentials open it, for a while, and only towards the relay."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aioice import stun
from aioice import turn as client

from realtime import turn
from realtime.wire.room import IceServer

START = Path(__file__).resolve().parents[2] / "deploy" / "coturn" / "start.sh"
HOST, SECRET = "127.0.0.1", "the secret that coturn shares"
RELAY, NEIGHBOUR = "203.0.113.10", "10.0.0.5"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """Run the script of the deployment on a port of its own."""
    made = free_port()
    env = {
        "PATH": os.environ["PATH"],
        "TURN_SECRET": SECRET,
        "PUBLIC_ADDRESS": RELAY,
        "SITE_HOST": "care.example.org",
        "TURN_FOLDER": str(tmp_path),
        "TURN_CERTIFICATES": str(tmp_path / "none"),
        "TURN_LISTEN": HOST,
        "TURN_PORT": str(made),
        "TURN_TLS_PORT": str(free_port()),
    }
    process = await asyncio.create_subprocess_exec(str(START), env=env, cwd=tmp_path)
    async with asyncio.timeout(20):
        while True:
            assert process.returncode is None, "the tests need coturn: install it and run bin/test again"
            try:
                _, writer = await asyncio.open_connection(HOST, made)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                break
    yield made
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0


def credentials(*, ends_in: timedelta, secret: str = SECRET) -> IceServer:
    return turn.server(urls=[], secret=secret, ends_at=datetime.now(UTC) + ends_in, label="a-label")


async def allocate(port: int, server: IceServer) -> client.TurnTransport:
    transport, _ = await client.create_turn_endpoint(
        asyncio.DatagramProtocol, (HOST, port), server.username, server.credential, transport="tcp"
    )
    return transport


async def bind(transport: client.TurnTransport, peer: str) -> None:
    """Ask for a way to one address."""
    inner = transport._TurnTransport__inner_protocol  # the library's only way to learn that it was refused
    await inner.channel_bind(0x4000 + len(peer), (peer, 50_000))


async def test_our_credentials_open_it_towards_the_relay_and_nobody_else(port: int) -> None:
    transport = await allocate(port, credentials(ends_in=timedelta(hours=1)))
    await bind(transport, RELAY)
    for peer in (NEIGHBOUR, HOST, "169.254.169.254"):
        with pytest.raises(stun.TransactionFailed, match="403"):
            await bind(transport, peer)
    transport.close()


async def test_it_is_closed_to_credentials_that_ended_or_were_made_by_others(port: int) -> None:
    for server in (
        credentials(ends_in=-timedelta(minutes=1)),
        credentials(ends_in=timedelta(hours=1), secret="another secret, as long"),
    ):
        with pytest.raises(stun.TransactionFailed, match="401"):
            await allocate(port, server)


def test_it_does_not_start_without_a_secret_worth_the_name(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PUBLIC_ADDRESS": RELAY, "SITE_HOST": "care.example.org"}
    done = subprocess.run([START], env=env | {"TURN_SECRET": "short"}, capture_output=True, check=False)
    assert (done.returncode, b"16 characters" in done.stderr) == (2, True)

"""The TURN server as it is deployed: our credentials open it, for a while, and only towards the relay."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aioice import stun
from aioice import turn as client

from realtime import turn
from realtime.wire.room import IceServer
from tests.patience import PATIENCE_SECONDS
from tests.relay.own_certificate import own_certificate

START = Path(__file__).resolve().parents[2] / "deploy" / "coturn" / "start.sh"
HOST, SECRET = "127.0.0.1", "the secret that coturn shares"
RELAY, NEIGHBOUR = "203.0.113.10", "10.0.0.5"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Deployed:
    """One running coturn; `certificates` stands for the proxy's folder, empty at first."""

    port: int
    tls_port: int
    certificates: Path


@pytest.fixture
async def coturn(tmp_path: Path) -> AsyncIterator[Deployed]:
    """Run the script of the deployment on ports of its own."""
    made = Deployed(free_port(), free_port(), tmp_path / "certificates")
    made.certificates.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "TURN_SECRET": SECRET,
        "PUBLIC_ADDRESS": RELAY,
        "SITE_HOST": "care.example.org",
        "TURN_FOLDER": str(tmp_path),
        "TURN_CERTIFICATES": str(made.certificates),
        "TURN_LISTEN": HOST,
        "TURN_PORT": str(made.port),
        "TURN_TLS_PORT": str(made.tls_port),
        "TURN_LOOK_SECONDS": "0.1",
    }
    process = await asyncio.create_subprocess_exec(str(START), env=env, cwd=tmp_path)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await answers(made.port):
            assert process.returncode is None, "the tests need coturn: install it and run bin/test again"
    yield made
    process.terminate()
    assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        await asyncio.sleep(0.02)
        return False
    writer.close()
    return True


async def certificate_of(port: int) -> bytes | None:
    """Give the certificate that is shown on a TLS port, if there is one."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(HOST, port, ssl=trusting)
    except OSError:
        await asyncio.sleep(0.02)
        return None
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return shown


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


async def test_our_credentials_open_it_towards_the_relay_and_nobody_else(coturn: Deployed) -> None:
    transport = await allocate(coturn.port, credentials(ends_in=timedelta(hours=1)))
    await bind(transport, RELAY)
    for peer in (NEIGHBOUR, HOST, "169.254.169.254"):
        with pytest.raises(stun.TransactionFailed, match="403"):
            await bind(transport, peer)
    transport.close()


async def test_it_is_closed_to_credentials_that_ended_or_were_made_by_others(coturn: Deployed) -> None:
    for server in (
        credentials(ends_in=-timedelta(minutes=1)),
        credentials(ends_in=timedelta(hours=1), secret="another secret, as long"),
    ):
        with pytest.raises(stun.TransactionFailed, match="401"):
            await allocate(coturn.port, server)


async def test_it_speaks_tls_once_the_proxy_has_a_certificate_and_takes_up_its_renewal(
    coturn: Deployed,
) -> None:
    assert await certificate_of(coturn.tls_port) is None
    for _ in ("the first", "its renewal"):
        written, _ = own_certificate(coturn.certificates, stem="care.example.org")
        wanted = ssl.PEM_cert_to_DER_cert(written.read_text())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await certificate_of(coturn.tls_port) != wanted:
                pass


def test_it_does_not_start_without_a_secret_worth_the_name(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PUBLIC_ADDRESS": RELAY, "SITE_HOST": "care.example.org"}
    done = subprocess.run([START], env=env | {"TURN_SECRET": "short"}, capture_output=True, check=False)
    assert (done.returncode, b"16 characters" in done.stderr) == (2, True)

"""The command line of the relay, checked before anything is opened."""

import argparse
import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime.relay.plane import PlaneName
from realtime.relay.transport.ice_lite import Address

_SECRET_VARIABLE = "RELAY_CONTROL_SECRET"  # noqa: S105 - the name of a variable, not a secret
_PLANE_VARIABLE = "RELAY_DATA_PLANE"
_PLANES: tuple[PlaneName, ...] = ("auto", "python", "compiled")
_LEVEL_VARIABLE, _LEVELS = "LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR")
_MAX_SLOTS = 32
_MAX_DRAIN_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Options:
    """What the relay was told to do."""

    udp: Address
    control: Address
    candidates: tuple[Address, ...]
    secret: str
    facts: Path
    audio_slots: int
    video_slots: int
    last_n: int
    data_plane: PlaneName
    drain_seconds: int
    exits_with_stdin: bool
    log_level: str
    tls: ssl.SSLContext | None


class OptionsError(Exception):
    """The command line does not make sense; the argument is the sentence to show."""


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line and the secret."""
    parser = argparse.ArgumentParser(
        prog="python -m realtime.relay", description="Forward media of live rooms."
    )
    parser.add_argument("--udp", required=True, metavar="HOST:PORT", help="where media arrives")
    parser.add_argument(
        "--candidate",
        action="append",
        default=[],
        metavar="IP:PORT",
        help="address told to browsers; repeatable",
    )
    parser.add_argument("--control", required=True, metavar="HOST:PORT", help="where web processes connect")
    parser.add_argument(
        "--secret-file", type=Path, help=f"holds the control secret; or set {_SECRET_VARIABLE}"
    )
    parser.add_argument(
        "--control-certificate", type=Path, metavar="PEM", help="makes the control connection TLS (wss)"
    )
    parser.add_argument("--control-key", type=Path, metavar="PEM", help="its private key")
    parser.add_argument("--facts", type=Path, required=True, metavar="DIR", help="where journals are kept")
    parser.add_argument("--slots-audio", type=int, default=16)
    parser.add_argument("--slots-video", type=int, default=12)
    parser.add_argument("--last-n", type=int, default=9, help="cameras sent to one person at most")
    parser.add_argument(
        "--data-plane",
        metavar="|".join(_PLANES),
        help=f"what forwards media; or set {_PLANE_VARIABLE} (auto: compiled where bin/setup has built it)",
    )
    parser.add_argument(
        "--drain-seconds",
        type=int,
        default=0,
        metavar="S",
        help="after SIGTERM, how long rooms may go on; a second signal ends them at once",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input is closed")
    given = parser.parse_args(arguments)
    for slots in (given.slots_audio, given.slots_video):
        if not 1 <= slots <= _MAX_SLOTS:
            raise OptionsError(f"The number of slots must lie between 1 and {_MAX_SLOTS}.")
    if not 1 <= given.last_n <= _MAX_SLOTS:
        raise OptionsError(f"--last-n must lie between 1 and {_MAX_SLOTS}.")
    if not 0 <= given.drain_seconds <= _MAX_DRAIN_SECONDS:
        raise OptionsError("--drain-seconds must lie between 0 and a day.")
    return Options(
        udp=address(given.udp, name="--udp"),
        control=address(given.control, name="--control"),
        candidates=tuple(_candidate(each) for each in given.candidate),
        secret=_secret(given.secret_file),
        facts=given.facts,
        audio_slots=given.slots_audio,
        video_slots=given.slots_video,
        last_n=given.last_n,
        data_plane=_data_plane(given.data_plane),
        drain_seconds=given.drain_seconds,
        log_level=_log_level(),
        exits_with_stdin=given.exit_with_stdin,
        tls=_tls(given.control_certificate, given.control_key),
    )


def address(text: str, *, name: str) -> Address:
    """Read HOST:PORT; IPv6 addresses stand in brackets."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise OptionsError(f"{name} needs HOST:PORT, for example 127.0.0.1:3478.")
    return host, int(port)


def _candidate(text: str) -> Address:
    host, port = address(text, name="--candidate")
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError as error:
        raise OptionsError("--candidate needs an IP address: browsers do not look up names here.") from error
    if parsed.is_unspecified or not port:
        raise OptionsError("--candidate needs an address and port that browsers can reach.")
    return str(parsed), port


def _secret(file: Path | None) -> str:
    if file is None:
        secret = os.environ.get(_SECRET_VARIABLE, "")
    else:
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise OptionsError("The secret file cannot be read.") from error
    if len(secret) < 16:
        raise OptionsError(
            f"Give a control secret of at least 16 characters by --secret-file or {_SECRET_VARIABLE}."
        )
    return secret


def _data_plane(given: str | None) -> PlaneName:
    wanted = given or os.environ.get(_PLANE_VARIABLE, "").strip() or "auto"
    for plane in _PLANES:
        if plane == wanted:
            return plane
    raise OptionsError(f"--data-plane and {_PLANE_VARIABLE} must be one of {', '.join(_PLANES)}.")


def _log_level() -> str:
    level = os.environ.get(_LEVEL_VARIABLE, "").strip().upper() or "INFO"
    if level not in _LEVELS:
        raise OptionsError(f"{_LEVEL_VARIABLE} must be one of {', '.join(_LEVELS)}.")
    return level


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise OptionsError("--control-certificate and --control-key go together.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise OptionsError("The certificate or the key of the control connection cannot be read.") from error
    return context

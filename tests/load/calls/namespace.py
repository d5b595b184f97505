"""A network of one's own: the command starts itself again in it, so that nothing else is on the wire.

All relays of a comparison are reached at one address of a veth pair, since others refuse to use loopback
interfaces. What is sent there goes through the loopback device of the namespace, as on one machine always.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

ADDRESS = "10.231.7.1"
_INSIDE = "CALLS_INSIDE_NAMESPACE"
_COMMANDS = (
    ("ip", "link", "set", "lo", "up"),
    ("ip", "link", "add", "calls0", "type", "veth", "peer", "name", "calls1"),
    ("ip", "address", "add", f"{ADDRESS}/24", "dev", "calls0"),
    ("ip", "link", "set", "calls0", "up"),
    ("ip", "link", "set", "calls1", "up"),
)
NOT_ALLOWED = (
    "This user may not make a network namespace. Run the command as root (sudo), or allow it to users with"
    " `sysctl kernel.unprivileged_userns_clone=1`, or measure our relay alone on loopback with --loopback."
)


class NamespaceError(Exception):
    """There is no namespace to be had; the argument says what to do."""


def enter(module: str, arguments: Sequence[str]) -> str:
    """Return the address to use, inside; outside, become the same command inside and never return."""
    if os.environ.get(_INSIDE):
        _set_up()
        return ADDRESS
    for program, package in (("unshare", "util-linux"), ("taskset", "util-linux"), ("ip", "iproute2")):
        if shutil.which(program) is None:
            raise NamespaceError(f"`{program}` is missing: apt install {package}.")
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        raise NamespaceError(NOT_ALLOWED)
    command = [*unshare, sys.executable, "-m", module, *arguments]
    os.execvpe(command[0], command, {**os.environ, _INSIDE: "1"})  # noqa: S606 - it is ourselves


def _set_up() -> None:
    for command in _COMMANDS:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NamespaceError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")

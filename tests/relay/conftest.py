"""What touches media is asked of both data planes."""

from collections.abc import Iterator

import pytest

from tests.relay import planes

MEDIA = {
    f"test_{name}"
    for name in (
        "authority", "continuity", "forwarding", "full_socket", "hostile", "ice_restart", "keyframes",
        "lifetime", "nacks", "recovery", "retransmission", "rewriter", "side_rooms", "slot_clock",
        "slot_switches", "slots", "uplink_order", "uplink_streams",
    )
}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the files of this list once on each plane, all others in Python."""
    if metafunc.module.__name__.rpartition(".")[2] in MEDIA:
        metafunc.parametrize("data_plane", planes.NAMES, indirect=True)


@pytest.fixture(autouse=True)
def data_plane(request: pytest.FixtureRequest) -> Iterator[str]:
    """Name the plane that relays made in this test forward with."""
    name = getattr(request, "param", "python")
    with planes.forwarding(name):
        yield name

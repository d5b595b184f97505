"""The health page says in words how the rooms' parts are."""

from __future__ import annotations

from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from realtime import health
from realtime import runtime as process
from realtime.presence import MemoryPresence
from realtime.relay_link import ClockReading
from realtime.runtime import Runtime
from realtime.wire.relay import DrainingEvent
from telehealth.core.health import reports
from tests.realtime.fake_relay import FakeRelay


@pytest.fixture
def relay(settings: Settings) -> FakeRelay:
    settings.RELAY_CONTROL_URL = "ws://127.0.0.1:1"
    return FakeRelay()


async def install(relay: FakeRelay) -> None:
    process.install(Runtime(relay=relay, presence=MemoryPresence()))


@pytest.fixture(autouse=True)
def _clean() -> object:
    yield
    process.install(None)


def test_a_linked_relay_is_well(relay: FakeRelay) -> None:
    async_to_sync(install)(relay)
    assert health.relay().ok
    assert health.relay_clock().ok


def test_a_relay_that_is_away_is_said_to_be(relay: FakeRelay) -> None:
    async_to_sync(install)(relay)
    relay.boot = None
    assert not health.relay().ok


def test_a_relay_that_is_about_to_end_is_well_and_says_so(relay: FakeRelay) -> None:
    async_to_sync(install)(relay)
    relay.tell(DrainingEvent(seconds=60))
    assert health.relay().ok
    assert "no new rooms" in health.relay().text
    relay.tell(DrainingEvent(seconds=None))
    assert "no new rooms" not in health.relay().text


def test_a_clock_measured_too_roughly_is_not_good_enough(relay: FakeRelay) -> None:
    async_to_sync(install)(relay)
    relay.clock = ClockReading(offset_ns=0, round_trip_ns=3_000_000_000)
    assert not health.relay_clock().ok


def test_without_a_configured_relay_there_is_no_media(settings: Settings) -> None:
    settings.RELAY_CONTROL_URL = ""
    assert not health.relay().ok


@pytest.mark.services
def test_the_channel_layer_carries_a_message_to_ourselves() -> None:
    assert health.channel_layer().ok


@pytest.mark.django_db
def test_the_health_page_lists_the_rooms_parts() -> None:
    assert {"relay", "relay clock", "channel layer"} <= {report.name for report in reports()}


def test_a_worker_apart_from_the_web_process_needs_a_shared_presence(settings: Settings) -> None:
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("worker", stdout=StringIO())

"""Facts reach the ledger exactly once, whatever breaks between the relay and the database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError

from realtime.ingest import Ingester
from realtime.presence import MemoryPresence
from sessions.models import FactCursor, PresenceEvent
from sessions.services.recording import facts as ledger
from telehealth.core import clock
from tests.cast import Cast
from tests.realtime.fake_relay import FakeRelay

pytestmark = pytest.mark.django_db(transaction=True)


class Setting:
    """A relay, a room, and the ingester between them."""

    def __init__(self, cast: Cast) -> None:
        self.relay = FakeRelay()
        self.presence = MemoryPresence()
        self.ingester = Ingester(relay=self.relay, presence=self.presence, now=clock.now)
        self.room = cast.group_session.pk
        self.person = cast.patient.pk
        self.connection = uuid4()

    def witness(self, kind: str, **data: object) -> None:
        room = data.pop("room", self.room)
        self.relay.witness(kind, room=room, participant=self.person, connection=self.connection, **data)

    def ingest(self) -> None:
        async_to_sync(self.ingester.once)()

    def is_media_alive(self) -> bool:
        key = str(self.connection)
        return async_to_sync(self.presence.seen)([key])[key].media


@pytest.fixture
def setting(cast: Cast) -> Setting:
    return Setting(cast)


def stored() -> list[tuple[str, int]]:
    rows = PresenceEvent.objects.exclude(source_boot__startswith="web-").order_by("id")
    return list(rows.values_list("kind", "seq"))


def test_facts_are_inserted_in_order_and_acknowledged(setting: Setting) -> None:
    for kind in ("first_packet", "beat", "silent", "resumed"):
        setting.witness(kind)
    setting.ingest()
    assert stored() == [("first_packet", 1), ("beat", 2), ("silent", 3), ("resumed", 4)]
    assert setting.relay.acked == {setting.relay.boot: 4}
    setting.ingest()
    assert len(stored()) == 4


def test_a_crash_between_commit_and_acknowledgement_doubles_nothing(setting: Setting) -> None:
    setting.witness("first_packet")
    setting.relay.is_cut_after = 0
    setting.ingest()
    assert setting.ingester.is_behind
    setting.relay.is_cut_after = None
    setting.witness("beat")
    again = Ingester(relay=setting.relay, presence=setting.presence, now=clock.now)
    async_to_sync(again.once)()
    assert stored() == [("first_packet", 1), ("beat", 2)]


def test_a_database_that_is_away_loses_nothing(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    setting.witness("first_packet")

    def refuse(**_: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "ingest_facts", refuse)
        setting.ingest()
    assert setting.ingester.is_behind
    assert stored() == []
    assert setting.relay.acked == {}
    setting.ingest()
    assert stored() == [("first_packet", 1)]
    assert not setting.ingester.is_behind


def test_a_relay_that_is_away_is_no_error(setting: Setting) -> None:
    setting.relay.go_away()
    setting.ingest()
    assert stored() == []


def test_the_journal_of_a_dead_boot_is_read_to_its_end_and_closed(setting: Setting) -> None:
    dead = setting.relay.boot
    setting.witness("first_packet")
    setting.witness("closed", reason="boot_ended", inferred=True)
    setting.relay.come_back(boot="boot-new")
    setting.witness("first_packet")
    setting.ingest()
    assert FactCursor.objects.get(pk=dead).is_closed
    assert not FactCursor.objects.get(pk="boot-new").is_closed
    assert stored() == [("first_packet", 1), ("closed", 2), ("first_packet", 1)]


def test_more_facts_than_a_page_holds_all_arrive(setting: Setting) -> None:
    for _ in range(1101):
        setting.witness("beat")
    setting.ingest()
    assert [seq for _, seq in stored()] == list(range(1, 1102))


def test_facts_of_a_room_that_is_not_ours_do_not_stop_the_others(setting: Setting) -> None:
    setting.witness("first_packet", room=uuid4())
    setting.witness("first_packet", room="not even an id".replace(" ", "-"))
    setting.witness("beat")
    setting.ingest()
    assert stored() == [("beat", 3)]
    assert setting.relay.acked == {setting.relay.boot: 3}


def test_beats_renew_the_media_lease_and_silence_ends_it(setting: Setting) -> None:
    setting.witness("first_packet")
    setting.ingest()
    assert setting.is_media_alive()
    assert setting.ingester.live == {str(setting.connection): str(setting.room)}
    setting.witness("silent", track="camera")
    setting.ingest()
    assert setting.is_media_alive()
    setting.witness("silent", track=None)
    setting.ingest()
    assert not setting.is_media_alive()
    assert setting.ingester.live == {}


def test_an_old_beat_says_nothing_about_now(setting: Setting) -> None:
    setting.witness("beat", at=clock.now() - timedelta(minutes=5))
    setting.ingest()
    assert not setting.is_media_alive()


def test_as_of_follows_the_journal_even_when_nobody_speaks(setting: Setting) -> None:
    setting.witness("first_packet")
    setting.ingest()
    before = FactCursor.objects.get(pk=setting.relay.boot).as_of
    setting.ingest()
    assert FactCursor.objects.get(pk=setting.relay.boot).as_of > before
    assert isinstance(setting.room, UUID)

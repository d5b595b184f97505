"""Every message of the room against every role outside its line of the table, through the real consumer."""

from __future__ import annotations

import json
import typing
import uuid
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from realtime.wire import room as wire
from telehealth.accounts import access
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.asgi import application
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.core import clock
from tests import cast
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)
HOST = (b"host", b"127.0.0.1:8000")
ORIGIN = (b"origin", b"http://127.0.0.1:8000")


def models() -> dict[str, Any]:
    """Give the model of each frame by its type."""
    union = typing.get_args(wire.ClientMessage)[0]
    return {
        typing.get_args(model.model_fields["type"].annotation)[0]: model for model in typing.get_args(union)
    }


def sample(message_type: str, number: int) -> dict[str, Any]:
    """Give a well-formed frame of a type."""
    values = {
        "id": number,
        "type": message_type,
        "participant": str(uuid.uuid4()),
        "generation": 1,
        "sdp": "v=0",
        "microphone": True,
        "camera": False,
        "side_room": None,
        "locked": True,
        "tiles": [],
    }
    model = models()[message_type]
    frame = {name: values[name] for name, field in model.model_fields.items() if field.is_required()}
    return model.model_validate(frame).model_dump(mode="json")


def socket(user: User, group_session_id: uuid.UUID) -> WebsocketCommunicator:
    """Give a socket with the cookie of a signed-in browser."""
    browser = Client()
    browser.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    return WebsocketCommunicator(
        application,
        f"/ws/rooms/{group_session_id}/",
        headers=[ORIGIN, HOST, (b"cookie", cookie.encode())],
    )


async def hear(talk: WebsocketCommunicator) -> dict[str, Any]:
    """Give the next frame."""
    return dict(json.loads(await talk.receive_from(PATIENCE_SECONDS)))


async def say(talk: WebsocketCommunicator, frame: dict[str, Any]) -> dict[str, Any]:
    """Send a frame and give the answer to it."""
    await talk.send_to(text_data=json.dumps(frame))
    return await hear(talk)


async def test_a_patient_is_refused_every_message_of_facilitators() -> None:
    company = await database_sync_to_async(cast.build)(at=clock.now())
    talk = await database_sync_to_async(socket)(company.patient, company.group_session.pk)
    assert (await talk.connect(PATIENCE_SECONDS))[0]
    refused = sorted(name for name, roles in access.MESSAGES.items() if Role.PATIENT not in roles)
    assert refused
    for number, name in enumerate(refused, start=1):
        answer = await say(talk, sample(name, number))
        assert (answer["type"], answer["id"], answer["error"]) == ("error", number, "denied"), name
    await talk.disconnect()
    denials = await database_sync_to_async(
        lambda: [
            event.data["where"]
            for event in AuditEvent.objects.filter(
                action=AuditAction.ACCESS_DENIED, actor=company.patient
            ).order_by("seq")
        ]
    )()
    assert [where for where in denials if where.startswith("room:")] == [f"room:{name}" for name in refused]


@pytest.mark.parametrize("role", sorted(set(Role) - access.IN_THE_ROOM))
async def test_a_role_that_never_joins_is_closed_at_once(role: Role) -> None:
    company = await database_sync_to_async(cast.build)(at=clock.now())
    talk = await database_sync_to_async(socket)(company.one_of(role), company.group_session.pk)
    assert (await talk.connect(PATIENCE_SECONDS))[0]
    closing = await hear(talk)
    assert (closing["type"], closing["error"]) == ("closing", "denied")
    assert (await talk.receive_output(PATIENCE_SECONDS))["code"] == 4403
    await talk.disconnect()


async def test_staff_without_the_required_second_factor_are_closed_at_once() -> None:
    company = await database_sync_to_async(cast.build)(at=clock.now())
    talk = await database_sync_to_async(socket)(company.therapist_without_mfa, company.group_session.pk)
    assert (await talk.connect(PATIENCE_SECONDS))[0]
    closing = await hear(talk)
    assert (closing["type"], closing["error"]) == ("closing", "denied")
    await talk.disconnect()


async def test_a_therapist_of_another_program_does_not_learn_that_the_room_exists() -> None:
    company = await database_sync_to_async(cast.build)(at=clock.now())
    talk = await database_sync_to_async(socket)(company.other_therapist, company.group_session.pk)
    assert (await talk.connect(PATIENCE_SECONDS))[0]
    assert (await hear(talk))["error"] == "not_found"
    await talk.disconnect()


async def test_a_socket_without_a_login_is_told_to_sign_in() -> None:
    talk = WebsocketCommunicator(application, f"/ws/rooms/{uuid.uuid4()}/", headers=[ORIGIN, HOST])
    assert (await talk.connect(PATIENCE_SECONDS))[0]
    assert (await hear(talk))["error"] == "unauthenticated"
    await talk.disconnect()

"""The page: the shell with its configuration, or the gate with the way through it."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from sessions.models import GroupSession, SessionState
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core import clock
from tests import cast as casting
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db: None) -> Cast:
    """Give everybody; a page needs no threads, so the test's changes are simply rolled back."""
    return casting.build(at=clock.now())


def open_page(cast: Cast, user: User | None, pk: object = None) -> tuple[int, str]:
    """Ask for the room's page as somebody."""
    client = Client()
    if user is not None:
        client.force_login(user)
    response = client.get(reverse("realtime:room", args=[pk or cast.group_session.pk]))
    return response.status_code, response.content.decode()


@pytest.mark.parametrize(
    ("who", "role"),
    [("patient", "patient"), ("therapist", "facilitator"), ("covering_therapist", "facilitator")],
)
def test_people_of_the_session_get_the_room(cast: Cast, who: str, role: str) -> None:
    status, page = open_page(cast, getattr(cast, who))
    assert status == 200
    found = re.search(r'<script id="room-config" type="application/json">(.+?)</script>', page)
    assert found
    config = json.loads(found[1])
    assert config["ws_url"] == f"/ws/rooms/{cast.group_session.pk}/"
    assert config["you"] == {
        "id": str(getattr(cast, who).pk),
        "name": getattr(cast, who).peer_name,
        "role": role,
    }
    assert config["phone"] == cast.program.callback_phone
    assert cast.patient.family_name not in found[1]


def test_a_missing_agreement_leads_to_signing_it_and_back(cast: Cast) -> None:
    status, page = open_page(cast, cast.patient_unsigned)
    assert status == 403
    back = f"%2Frooms%2F{cast.group_session.pk}%2F"
    assert f"/my/agreements/next/?next={back}" in page
    assert "room-config" not in page
    assert AuditEvent.objects.latest("seq").data["reason"] == "treatment_missing"


@pytest.mark.parametrize("state", [SessionState.ENDED, SessionState.CANCELLED])
def test_a_session_that_is_over_says_so(cast: Cast, state: SessionState) -> None:
    GroupSession.objects.filter(pk=cast.group_session.pk).update(state=state)
    status, page = open_page(cast, cast.patient)
    assert status == 200
    assert "over" in page or "cancelled" in page
    assert "room-config" not in page


@pytest.mark.parametrize("who", ["patient_off_roster", "other_patient", "other_therapist"])
def test_the_room_of_others_is_not_found(cast: Cast, who: str) -> None:
    assert open_page(cast, getattr(cast, who))[0] == 404


def test_a_room_that_does_not_exist_is_not_found(cast: Cast) -> None:
    assert open_page(cast, cast.patient, uuid4())[0] == 404


@pytest.mark.parametrize("who", ["admin", "auditor", "case_manager", "system_admin"])
def test_accounts_that_never_take_part_are_refused(cast: Cast, who: str) -> None:
    assert open_page(cast, getattr(cast, who))[0] == 403


def test_a_stranger_signs_in_first_and_comes_back(cast: Cast) -> None:
    response = Client().get(reverse("realtime:room", args=[cast.group_session.pk]))
    assert response.status_code == 302
    assert f"next=%2Frooms%2F{cast.group_session.pk}%2F" in response["Location"]

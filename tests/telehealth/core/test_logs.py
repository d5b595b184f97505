"""Logs are JSON with ids and places; no path, address, name or exception text ends in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.logs import JsonFormatter

PASSWORD = "slow green river 47"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.django_db
def test_a_request_leaves_one_line_with_its_route_and_actor(client: Client, written: io.StringIO) -> None:
    user = User.objects.create_user(
        "pat@example.org", PASSWORD, role=Role.PATIENT, given_name="Pat", family_name="Lee"
    )
    client.force_login(user)
    response = client.get(reverse("account_change_password"))
    (line,) = [entry for entry in lines(written) if entry["event"] == "request.finished"]
    assert line["actor_id"] == str(user.pk)
    assert line["route"] == "accounts/password/change/"
    assert line["status"] == 200
    assert line["request_id"] == response["X-Request-ID"]


@pytest.mark.django_db
def test_names_addresses_tokens_and_paths_stay_out(client: Client, written: io.StringIO) -> None:
    User.objects.create_user(
        "pat@example.org", PASSWORD, role=Role.PATIENT, given_name="Pat", family_name="Lee"
    )
    client.post(reverse("account_login"), {"login": "pat@example.org", "password": "wrong"})
    client.post(reverse("account_reset_password"), {"email": "pat@example.org"})
    client.get("/accounts/password/reset/key/abc-TOKEN123/?email=pat@example.org")
    client.get("/somewhere/Pat-Lee/")
    logging.getLogger("any.library").warning("Could not serve %s", "pat@example.org")
    text = written.getvalue()
    assert text.count("request.finished") == 4
    for secret in ("pat@example.org", "Pat", "Lee", "TOKEN123", "wrong"):
        assert secret not in text


def test_of_an_exception_the_type_and_the_places_are_written(written: io.StringIO) -> None:
    try:
        int("Key (email)=(pat@example.org) already exists")
    except ValueError:
        logging.getLogger("any.library").exception("store.failed")
    (line,) = lines(written)
    assert line["exception"] == "ValueError"
    assert "test_logs.py" in str(line["trace"])
    assert "pat@example.org" not in written.getvalue()


def test_only_plain_values_of_extra_are_written(written: io.StringIO) -> None:
    logging.getLogger("ours").warning("room.closed", extra={"room_id": "r1", "person": object()})
    (line,) = lines(written)
    assert line["room_id"] == "r1"
    assert "person" not in line

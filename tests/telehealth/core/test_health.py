"""The health page in words, the probes without details."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core import clock, health, health_checks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_the_checks_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = {name: check for name, check in health._checks.items() if name in ("database", "clock")}
    monkeypatch.setattr(health, "_checks", kernel)


@pytest.fixture
def operator(client: Client, settings) -> Client:
    settings.REQUIRE_STAFF_MFA = False
    client.force_login(
        User.objects.create_user(
            "s@example.org", None, role=Role.SYSTEM_ADMIN, given_name="S", family_name="A"
        )
    )
    return client


def fail() -> health.Health:
    return health.Health(ok=False, text="The relay does not answer.")


def crash() -> health.Health:
    raise RuntimeError("secret detail")


def test_a_healthy_system_says_so_in_words(operator: Client) -> None:
    text = operator.get(reverse("core:health")).content.decode()
    assert "Everything works." in text
    for words in ("The database answers", "clock and the database"):
        assert words in text


def test_a_part_that_does_not_work_is_named(operator: Client) -> None:
    health.register("relay", fail)
    text = operator.get(reverse("core:health")).content.decode()
    assert "Something needs attention" in text
    assert "The relay does not answer." in text


def test_a_check_that_breaks_counts_as_a_failure_and_hides_its_detail(operator: Client) -> None:
    health.register("relay", crash)
    text = operator.get(reverse("core:health")).content.decode()
    assert "The check itself failed" in text
    assert "secret detail" not in text


def test_a_clock_that_is_off_is_noticed() -> None:
    assert health_checks.database_clock().ok
    with time_machine.travel(clock.now() + timedelta(seconds=90)):
        off = health_checks.database_clock()
    assert not off.ok
    assert "90 seconds" in off.text or "89 seconds" in off.text


def test_the_probes_need_no_login_and_name_nothing(client: Client) -> None:
    assert client.get("/livez").json() == {"ok": True}
    assert client.get("/readyz").json() == {"ok": True}
    health.register("relay", fail)
    response = client.get("/readyz")
    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.json() == {"ok": False}
    assert client.get("/livez").status_code == HTTPStatus.OK

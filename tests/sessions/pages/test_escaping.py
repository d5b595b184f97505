"""What people type is text on every page, never markup."""

from __future__ import annotations

import pytest

from sessions.models import GroupSession
from sessions.services.scheduling.schedule import cancel_session
from telehealth.accounts.models import User
from telehealth.programs.models import Program
from tests.cast import Cast

from .browsing import Browser
from .planning import ids, series_of, weekly
from .stories import example_b, running

pytestmark = pytest.mark.django_db
EVIL = "<img src=x onerror=alert(1)>\"'&"
WITH_ID = ("live_roster", "detail", "move", "cancel", "audit")


@pytest.fixture
def evil(cast: Cast) -> Cast:
    """Give everybody, the program and every session a name that wants to be markup."""
    User.objects.update(given_name=EVIL, family_name=EVIL, preferred_name=EVIL, phone=EVIL, credential="<b>")
    Program.objects.update(name=EVIL, callback_phone="<b>1")
    GroupSession.objects.update(title=EVIL)
    return cast


def check(person: User, evil: Cast, name: str, *ids: object, status: int = 200) -> None:
    answer = Browser(person, evil.at).get(f"sessions:{name}", *ids)
    content = answer.content.decode()
    assert answer.status_code == status
    assert "<img src=x" not in content
    assert "<b>" not in content
    assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;" in content


def test_homes(evil: Cast) -> None:
    evil_group = example_b(evil)
    GroupSession.objects.filter(pk=evil_group.pk).update(title=EVIL)
    check(evil.patient, evil, "patient_home")
    check(evil.therapist, evil, "therapist_home")
    check(evil.case_manager, evil, "therapist_home")


@pytest.mark.parametrize("name", WITH_ID)
def test_pages_of_one_session(evil: Cast, name: str) -> None:
    running(evil)
    check(evil.therapist if name == "live_roster" else evil.admin, evil, name, evil.group_session.pk)


def test_lists_and_forms(evil: Cast) -> None:
    admin = Browser(evil.admin, evil.at)
    admin.post("sessions:series_new", **weekly(evil, title="evening", patients=ids(evil, evil.patient)))
    series = series_of("evening")
    series.title = EVIL
    series.save(update_fields=["title"])
    check(evil.admin, evil, "series", series.pk)
    for name in ("list", "new", "series_new"):
        check(evil.admin, evil, name)


def test_what_was_typed_comes_back_as_text(evil: Cast) -> None:
    answer = Browser(evil.admin, evil.at).post("sessions:new", **weekly(evil, title=EVIL))
    assert "<img src=x" not in answer.content.decode()
    assert "&lt;img src=x" in answer.content.decode()


def test_a_reason_is_text_for_patients_and_clinicians(evil: Cast) -> None:
    cancel_session(actor=evil.admin, group_session_id=evil.group_session.pk, reason=EVIL, at=evil.at)
    check(evil.therapist, evil, "therapist_home")
    check(evil.admin, evil, "detail", evil.group_session.pk)

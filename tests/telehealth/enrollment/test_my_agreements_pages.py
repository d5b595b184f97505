"""A patient's agreements in a browser: the exact text, the act beside it, the way back to the room."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from telehealth.enrollment.models import ConsentDocument, ConsentKind, ConsentSignature
from telehealth.enrollment.services import publish_document, sign_document

from .world import AT, World

ROOM = "/rooms/6f1f4f5e-0000-4000-8000-000000000000/"


@pytest.fixture(autouse=True)
def _at_that_noon() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def paula(world: World, client: Client) -> Client:
    client.force_login(world.user)
    return client


def document_of(world: World, kind: ConsentKind = ConsentKind.TREATMENT) -> ConsentDocument:
    return ConsentDocument.objects.filter(program=world.program, kind=kind).order_by("-version")[0]


def answers(document: ConsentDocument, **changes: str) -> dict[str, str]:
    return {"agreed": "on", "printed_name": "Paula Example", "shown_sha256": document.sha256, **changes}


def sign_url(document: ConsentDocument) -> str:
    return reverse("enrollment:sign", args=[document.pk])


def test_page_shows_exactly_the_bytes_whose_hash_it_carries(paula: Client, world: World) -> None:
    document = document_of(world)
    page = paula.get(sign_url(document)).content.decode()
    carried = re.search(r'name="shown_sha256" value="([0-9a-f]{64})"', page)
    assert carried is not None
    title = html.unescape(re.search(r"<h1>(.*?)</h1>", page, re.S).group(1))  # type: ignore[union-attr]
    sheet = re.search(r'<div class="document[^"]*".*?>(.*?)</div>', page, re.S).group(1)  # type: ignore[union-attr]
    blocks = [
        html.unescape(block.replace("<br>", "\n"))
        for block in re.findall(r"<(?:p|h3)>(.*?)</(?:p|h3)>", sheet, re.S)
    ]
    shown = f"{title}\n\n" + "\n\n".join(blocks)
    assert hashlib.sha256(shown.encode()).hexdigest() == carried.group(1) == document.sha256


def test_patient_signs_all_that_is_missing_and_comes_back_to_the_room(paula: Client, world: World) -> None:
    url = f"{reverse('enrollment:sign_next')}?next={ROOM}"
    for kind in ConsentKind:
        to_sign = paula.get(url).headers["Location"]
        document = document_of(world, kind)
        assert to_sign.startswith(sign_url(document))
        page = paula.get(to_sign)
        assert f'name="next" value="{ROOM}"' in page.content.decode()
        url = paula.post(to_sign, answers(document, next=ROOM)).headers["Location"]
    assert paula.get(url).headers["Location"] == ROOM
    signature = ConsentSignature.objects.filter(patient=world.patient).order_by("signed_at")[0]
    assert signature.ip_address == "127.0.0.1"


def test_text_and_act_are_two_things(paula: Client, world: World) -> None:
    document = document_of(world)
    for missing, words in (("agreed", "Tick this box"), ("printed_name", "Type your full name")):
        page = paula.post(sign_url(document), answers(document, **{missing: ""}))
        assert page.status_code == 200
        assert words in page.content.decode()
    assert not ConsentSignature.objects.exists()


def test_text_that_was_not_shown_is_not_signed_and_the_next_try_carries_the_right_one(
    paula: Client, world: World
) -> None:
    document = document_of(world)
    page = paula.post(sign_url(document), answers(document, shown_sha256="0" * 64))
    assert "not the one you were shown" in page.content.decode()
    assert f'name="shown_sha256" value="{document.sha256}"' in page.content.decode()
    assert not ConsentSignature.objects.exists()


def test_page_of_an_old_version_leads_to_the_new_one(paula: Client, world: World) -> None:
    old = document_of(world)
    new = publish_document(
        actor=world.admin, program=world.program, kind=ConsentKind.TREATMENT, title="New", body="Text", at=AT
    )
    answer = paula.post(f"{sign_url(old)}?next={ROOM}", answers(old))
    assert answer.headers["Location"].startswith(sign_url(new))
    assert not ConsentSignature.objects.exists()


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example/x", "/\\evil.example", "javascript:alert(1)"]
)
def test_way_back_never_leaves_the_site(paula: Client, world: World, path: str) -> None:
    document = document_of(world)
    assert "evil" not in paula.get(sign_url(document), {"next": path}).content.decode()
    answer = paula.post(sign_url(document), answers(document, next=path))
    assert answer.headers["Location"] == reverse("enrollment:my_agreements")
    assert "evil" not in paula.get(reverse("enrollment:sign_next"), {"next": path}).headers["Location"]


def test_other_peoples_papers_are_not_there(paula: Client, world: World) -> None:
    theirs = ConsentDocument.objects.get(program=world.other_program, kind=ConsentKind.TREATMENT)
    signature = sign_document(
        actor=world.other_patient.user,
        patient=world.other_patient,
        document=theirs,
        shown_sha256=theirs.sha256,
        printed_name="Quentin",
        at=AT,
        ip=None,
        user_agent="",
    )
    assert paula.get(sign_url(theirs)).status_code == 404
    for name in ("signed", "signed_copy", "revoke"):
        assert paula.get(reverse(f"enrollment:{name}", args=[signature.pk])).status_code == 404
        assert paula.get(reverse(f"enrollment:{name}", args=[uuid4()])).status_code == 404
    assert paula.post(reverse("enrollment:revoke", args=[signature.pk])).status_code == 404


def test_copy_is_the_signed_text_and_the_signature_under_a_line(paula: Client, world: World) -> None:
    document = document_of(world)
    paula.post(sign_url(document), answers(document))
    signature = ConsentSignature.objects.get()
    answer = paula.get(reverse("enrollment:signed_copy", args=[signature.pk]))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="agreement-treatment-v1.txt"'
    assert answer.headers["Cache-Control"] == "no-store"
    text, _, below = answer.content.decode().partition(f"\n{'-' * 72}\n")
    assert hashlib.sha256(text.encode()).hexdigest() == document.sha256
    assert "Signed by: Paula Example" in below
    assert paula.get(reverse("enrollment:signed", args=[signature.pk])).status_code == 200


def test_taking_back_asks_first_and_says_what_follows(paula: Client, world: World) -> None:
    document = document_of(world, ConsentKind.GROUP_CONFIDENTIALITY)
    paula.post(sign_url(document), answers(document))
    signature = ConsentSignature.objects.get()
    url = reverse("enrollment:revoke", args=[signature.pk])
    assert "Individual sessions stay open" in paula.get(url).content.decode()
    assert "Take back" in paula.get(reverse("enrollment:my_agreements")).content.decode()
    paula.post(url)
    page = paula.get(reverse("enrollment:my_agreements")).content.decode()
    assert "Taken back" in page
    assert "Read and sign" in page
    assert paula.get(url).headers["Location"] == reverse("enrollment:signed", args=[signature.pk])
    assert paula.post(url).status_code == 409


def test_signed_agreement_opens_as_signed_and_not_for_signing(paula: Client, world: World) -> None:
    document = document_of(world)
    paula.post(sign_url(document), answers(document))
    signature = ConsentSignature.objects.get()
    assert paula.get(sign_url(document)).headers["Location"] == reverse(
        "enrollment:signed", args=[signature.pk]
    )
    assert paula.get(f"{sign_url(document)}?next={ROOM}").headers["Location"] == ROOM


def test_typed_name_and_published_text_are_never_markup(paula: Client, world: World) -> None:
    evil = "<script>alert(1)</script>"
    document = publish_document(
        actor=world.admin, program=world.program, kind=ConsentKind.TREATMENT, title=evil, body=evil, at=AT
    )
    paula.post(sign_url(document), answers(document, printed_name=evil))
    signature = ConsentSignature.objects.get()
    for path in (
        reverse("enrollment:my_agreements"),
        reverse("enrollment:signed", args=[signature.pk]),
        reverse("enrollment:revoke", args=[signature.pk]),
    ):
        page = paula.get(path).content
        assert b"<script>alert(1)" not in page
        assert b"&lt;script&gt;" in page


def test_list_without_an_enrollment_says_why_it_is_empty(world: World, client: Client) -> None:
    from telehealth.accounts.roles import Role

    from .world import person

    client.force_login(person(Role.PATIENT, "Zed"))
    assert b"There is nothing to sign" in client.get(reverse("enrollment:my_agreements")).content


def test_staff_cannot_open_the_patients_own_pages(world: World, client: Client, settings: Any) -> None:
    settings.REQUIRE_STAFF_MFA = False
    client.force_login(world.admin)
    assert client.get(sign_url(document_of(world))).status_code == 403

"""Joining without a camera, or without any device: the door is open, and the evidence says what was there."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.people import Meeting, Person
from tests.browser.stack import Stack


def _tracks(stack: Stack, session: str, person: Person) -> set[str]:
    beats = stack.ledger.facts(session, kind="beat", participant=person.id)
    return set(beats[-1].data["tracks"]) if beats else {"no beat yet"}


def test_a_microphone_or_nothing_but_listening_is_enough(people: Meeting, stack: Stack) -> None:
    session = stack.session("devices")
    uma = people.person("uma")
    gus = people.person("gus", allows=["microphone"])
    hal = people.person("hal", allows=[])
    for person, words in ((uma, "Join"), (gus, "Join with microphone only"), (hal, "Join to listen only")):
        person.sign_in(at=f"/rooms/{session}/")
        expect(person.page.locator('[data-action="join"]')).to_have_text(words)
        person.does("join")
    uma.is_on("room")
    uma.does("start")
    uma.admit(gus)
    uma.admit(hal)
    for person in (gus, hal):
        person.sees_no("Connecting sound and picture")

    uma.until(uma.received, lambda now: (now.seen, now.heard) == (0, 1))
    gus.until(gus.received, lambda now: (now.seen, now.heard) == (1, 1))
    hal.until(hal.received, lambda now: (now.seen, now.heard) == (1, 2))
    expect(uma.page.locator(f'[data-seated="{hal.id}"]')).to_contain_text("muted, camera off")

    # The relay witnesses what is published, whatever a page says.
    gus.until(lambda: _tracks(stack, session, gus), lambda tracks: tracks == {"microphone"})
    hal.until(lambda: _tracks(stack, session, hal), lambda tracks: tracks == set())
    records = uma.until(
        lambda: stack.ledger.records(session),
        lambda found: all("AUDIO_ONLY" in record.flags for record in found.values()) and len(found) == 2,
    )
    assert len(records) == 2

    # A camera that is allowed later is seen without joining again.
    gus.context.grant_permissions(["camera", "microphone"])
    gus.does("devices")
    gus.page.get_by_role("button", name="Try the camera again").click()
    gus.page.get_by_role("button", name="Done").click()
    uma.until(uma.received, lambda now: (now.seen, now.heard) == (1, 1))
    gus.until(lambda: _tracks(stack, session, gus), lambda tracks: tracks == {"microphone", "camera"})

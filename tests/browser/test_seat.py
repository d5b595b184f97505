"""One seat a person: on another device, after a removal, after leaving by mistake, after signing out."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.people import Meeting
from tests.browser.scenes import PASSWORD
from tests.browser.stack import Stack


def test_a_seat_moves_between_tabs_and_is_lost_and_found(people: Meeting, stack: Stack) -> None:
    session = stack.session("seat")
    sol, emil = people.seats("seat", patients=1)
    _, first_connection = stack.ledger.seat(session, emil.id)

    # A second tab asks first; then the seat moves there, and the old tab says so.
    old_tab, emil.page = emil.page, emil.new_page()
    emil.open_room("seat")
    emil.join()
    emil.sees("You are already in this room")
    emil.does("take-over")
    emil.is_on("room")
    expect(old_tab.get_by_role("heading", name="You continued on another device")).to_be_visible()
    sol.meets(emil)
    emil.meets(sol)
    state, second_connection = stack.ledger.seat(session, emil.id)
    assert state == "IN_ROOM"
    assert second_connection != first_connection
    old_tab.close()

    # Removed with words, and let back in.
    sol.does("person", f'[data-seated="{emil.id}"]')
    sol.does("remove", "dialog")
    sol.page.get_by_label("Somebody else can hear or see the group").check()
    sol.does("remove-confirm")
    emil.sees("You were taken out of the room")
    emil.does("again")
    emil.sees("You were taken out of the room")
    sol.does("readmit", f'[data-away="{emil.id}"]')
    expect(sol.page.locator(f'[data-away="{emil.id}"] [data-action="readmit"]')).to_have_count(0)
    emil.does("again")
    emil.is_on("room")
    emil.meets(sol)
    sol.meets(emil)

    # Leaving by mistake: back in without being admitted again.
    emil.leave()
    emil.sees("You left the room")
    expect(sol.page.locator(f'[data-seated="{emil.id}"]')).to_have_count(0)
    emil.does("again")
    emil.is_on("room")
    emil.meets(sol)

    # Signing out in another tab ends the room here, with words.
    other_tab = emil.new_page()
    other_tab.goto(f"{stack.origin}/my/")
    other_tab.get_by_role("button", name="Sign out").click()
    expect(other_tab.get_by_role("heading", name="Sign in")).to_be_visible()
    emil.sees("You signed out")
    assert {fact.data["reason"] for fact in stack.ledger.facts(session, kind="closed")} >= {"superseded"}


def test_keys_are_enough_to_sign_in_join_mute_and_leave(people: Meeting, stack: Stack) -> None:
    fay = people.person("fay")
    fay.go("/")
    keys = fay.page.keyboard
    fay.tab_to("Email")
    keys.type(fay.account["email"])
    fay.tab_to("Password")
    keys.type(PASSWORD)
    keys.press("Enter")
    fay.sees("Hello, Fay")
    fay.tab_to("Join")
    keys.press("Enter")
    fay.is_on("preview")
    expect(fay.page.locator('[data-action="join"]')).to_have_text("Join")
    fay.tab_to("Join")
    keys.press("Enter")
    fay.is_on("waiting")
    fay.tab_to("Mute")
    keys.press("Space")
    expect(fay.page.locator('[data-action="microphone"]')).to_have_text("Unmute")
    fay.tab_to("Leave")
    keys.press("Enter")
    fay.sees("You left the room")
    fay.until(fay.focused, lambda words: words == "You left the room")

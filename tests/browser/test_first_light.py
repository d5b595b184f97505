"""The proof: three people meet, things go wrong in between, and every second of it is counted as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from sessions.rules.telling.words import STATUS_WORDS
from tests.browser import audit_page
from tests.browser.look import PHONE, pixels_too_wide, serious_faults
from tests.browser.people import Meeting, Person
from tests.browser.scenes import ADMIN
from tests.browser.stack import Stack, now

SCENE = "first_light"
# How long things last, in seconds. The cut is longer than the silence limit and shorter than the bridge; the
# second patient stays just long enough for credit, and is gone for more than a minute before the end.
CUT_LASTS, SECOND_STAYS, BREAK_COMES_AFTER, BREAK_LASTS, GONE_AT_LEAST, ALL = 17, 66, 12, 20, 75, 150
SILENCE_LIMIT, BRIDGE = 10, 120
ACCURACY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Seconds:
    """A length of time between two things done; doing each took a moment, so it has a least and a most."""

    least: float
    most: float

    def __sub__(self, other: Seconds) -> Seconds:
        return Seconds(self.least - other.most, self.most - other.least)

    def tells(self, counted: int) -> bool:
        """Say whether a number of seconds that was counted fits."""
        return self.least - ACCURACY_SECONDS <= counted <= self.most + ACCURACY_SECONDS


class Diary:
    """When the test did what, by its own clock."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._entries: dict[str, tuple[datetime, datetime]] = {}

    @contextmanager
    def entry(self, what: str) -> Iterator[None]:
        """Write down when something was begun and when it had its effect, however slow the machine is."""
        begun = now()
        yield
        self._entries[what] = begun, now()

    def between(self, start: str, end: str) -> Seconds:
        """Give the seconds from one entry to another."""
        (begun, done), (next_begun, next_done) = self._entries[start], self._entries[end]
        return Seconds((next_begun - done).total_seconds(), (next_done - begun).total_seconds())

    def go_on_for(self, seconds: float, since: str) -> None:
        """Let the session go on until so long after an entry: its length is what is being measured."""
        rest = self._entries[since][1] + timedelta(seconds=seconds) - now()
        self._page.wait_for_timeout(max(0.0, rest.total_seconds() * 1000))


def test_a_group_meets_and_its_minutes_are_credited(people: Meeting, stack: Stack, tmp_path: Path) -> None:
    session = stack.session(SCENE)
    thea, ana, ben = (people.person(name) for name in stack.people_of(SCENE))
    everybody = (thea, ana, ben)
    diary = Diary(thea.page)

    # Through the login page, the home page and the preview into the waiting room.
    for person in everybody:
        person.sign_in()
        link = "Open the room" if person is thea else "Join"
        person.page.get_by_role("link", name=link).click()
        person.is_on("preview")
        person.join()
    thea.is_on("room")
    for patient in (ana, ben):
        patient.is_on("waiting")
        expect(thea.page.locator(f'[data-waiting="{patient.id}"]')).to_be_visible()
    with diary.entry("start"):
        thea.does("start")
    for patient in (ana, ben):
        with diary.entry(f"admit {patient.name}"):
            thea.does("admit", f'[data-waiting="{patient.id}"]')
            patient.is_on("room")
            patient.until(patient.frames_sent, bool)

    # Everybody sees and hears everybody else, through the relay.
    for person in everybody:
        person.meets(*(other for other in everybody if other is not person))

    # The first patient's path is cut. The page says so, the seat is kept, and media come back by themselves.
    seat = stack.ledger.seat(session, ana.id)
    ports = ana.ports()
    with diary.entry("cut"):
        stack.udp.cut(ports)
    ana.sees("Sound and picture were interrupted")
    diary.go_on_for(CUT_LASTS, since="cut")
    with diary.entry("heal"):
        stack.udp.heal()
        for person in everybody:
            person.meets(*(other for other in everybody if other is not person))
    assert stack.ledger.seat(session, ana.id) == seat
    assert seat[0] == "IN_ROOM"
    ana.sees_no("Sound and picture were interrupted")

    # The second patient closes the tab.
    diary.go_on_for(SECOND_STAYS, since="admit ben")
    with diary.entry("tab closed"):
        ben.page.close()

    # A break, and on again.
    diary.go_on_for(BREAK_COMES_AFTER, since="tab closed")
    with diary.entry("break starts"):
        thea.does("break-start")
        ana.sees("Nothing is counted during a break")
    expect(thea.page.locator(f'[data-seated="{ben.id}"]')).to_contain_text("reconnecting")
    diary.go_on_for(BREAK_LASTS, since="break starts")
    with diary.entry("break ends"):
        thea.does("break-end")
        ana.sees_no("Nothing is counted during a break")
    thea.meets(ana)
    ana.meets(thea)

    diary.go_on_for(GONE_AT_LEAST, since="tab closed")
    diary.go_on_for(ALL, since="start")
    thea.does("end")
    with diary.entry("end"):
        thea.does("end-confirm")
        for person in (thea, ana):
            person.sees("This session is over")

    # What is stored lies within two seconds of what was done.
    patients = [patient.account["patient"] for patient in (ana, ben)]
    records = thea.until(
        lambda: stack.ledger.records(session),
        lambda found: len(found) == len(patients) and all(record.is_final for record in found.values()),
    )
    of_ana, of_ben = (records[patient] for patient in patients)
    countable = diary.between("admit ana", "end") - diary.between("break starts", "break ends")
    assert countable.tells(of_ana.qualified_seconds)
    assert (countable - diary.between("cut", "heal")).tells(of_ana.strict_seconds)
    assert diary.between("admit ben", "tab closed").tells(of_ben.qualified_seconds)
    assert of_ben.strict_seconds == of_ben.qualified_seconds
    for record in (of_ana, of_ben):
        assert record.credited_min == record.qualified_seconds // 60 > 0
    assert (of_ana.status, of_ana.flags) == ("PRESENT", ["BRIDGED"])
    # How small his part is depends on how long the machine took for the rest.
    assert of_ben.status in ("PARTIAL", "PARTIAL_LOW")
    assert of_ben.flags == ["EARLY_LEAVE"]
    _assert_facts_tell_the_story(stack, session, ana, seat[1])

    # The administrator's page, its two downloads and the command say the same.
    admin = people.person(ADMIN)
    admin.sign_in(at=f"/admin/sessions/{session}/audit/")
    cards = audit_page.read_cards(admin, patients)
    result = audit_page.recompute(stack, audit_page.download(admin, "Evidence file", tmp_path))
    table = audit_page.read_csv(audit_page.download(admin, "CSV", tmp_path))
    computed = audit_page.patients_of(result, session)
    for patient in patients:
        mine, record, card, row = computed[patient], records[patient], cards[patient], table[patient]
        stored = asdict(record)
        names = ("qualified_seconds", "strict_seconds", "credited_min", "billable_min", "hours_min")
        for name in names:
            assert stored[name] == mine[name] == int(row[name])
        assert record.status == mine["status"] == row["status"]
        assert card.status == STATUS_WORDS[mine["status"]]
        assert record.flags == mine["flags"] == card.flags
        shown = (card.credited, card.billable, card.toward_hours)
        assert shown == tuple(f"{mine[name]} min" for name in names[2:])
    admin.sees_no("The stored record differs")
    _assert_fits_a_phone(admin)

    # So do the patient's own hours of the week and the reasons given for them.
    (week,) = (week for week in result["weeks"] if week["patient"] == patients[0])
    ana.go("/my/")
    ana.sees(f"{week['hours_min']} min of {week['target_min'] // 60} h are credited")
    ana.page.get_by_role("link", name="Morning group").first.click()
    ana.sees(f"Why {of_ana.credited_min} minutes?")
    assert week["hours_min"] == of_ana.hours_min
    _assert_fits_a_phone(ana)


def _assert_fits_a_phone(person: Person) -> None:
    person.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert pixels_too_wide(person.page) == 0
    assert serious_faults(person.page) == []


def _assert_facts_tell_the_story(stack: Stack, session: str, ana: Person, connection: str | None) -> None:
    facts = stack.ledger.facts(session)
    of_ana = [fact for fact in facts if fact.participant == ana.id]
    whole = [fact for fact in of_ana if fact.kind != "beat" and fact.data.get("track") is None]
    kinds = [fact.kind for fact in whole]
    assert kinds == ["lobby_entered", "admitted", "first_packet", "silent", "resumed", "closed"]
    assert {fact.connection for fact in of_ana} == {None, connection}
    silent, resumed = whole[3:5]
    gap = (resumed.at - datetime.fromisoformat(silent.data["last_packet_at"])).total_seconds()
    assert SILENCE_LIMIT < gap < BRIDGE
    assert of_ana[-1].data["reason"] == "ended"
    assert [
        fact.kind for fact in facts if fact.kind in ("opened", "break_started", "break_ended", "ended")
    ] == [
        "opened",
        "break_started",
        "break_ended",
        "ended",
    ]

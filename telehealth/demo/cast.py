"""The people of the demo. All invented; every account has the same password."""

from __future__ import annotations

from dataclasses import dataclass

from telehealth.accounts.roles import Role
from telehealth.programs.people import Person

PASSWORD = "calm-river-2026"  # noqa: S105 - the demo's public password, for a database of invented people
PROGRAM_NAME = "Harbor Light"
PROGRAM_ZONE = "America/New_York"
PROGRAM_PHONE = "+1 212 555 0142"


@dataclass(frozen=True, slots=True)
class Account:
    """A login, and what it is good for in the demo."""

    role: Role
    person: Person
    note: str = ""


def _account(
    role: Role,
    name: str,
    preferred: str = "",
    *,
    zone: str = PROGRAM_ZONE,
    phone: str = "",
    credential: str = "",
    note: str = "",
) -> Account:
    given, family = name.split()
    person = Person(
        email=f"{given.lower()}@example.org",
        given_name=given,
        family_name=family,
        preferred_name=preferred,
        credential=credential,
        phone=phone,
        time_zone=zone,
    )
    return Account(role, person, note)


SYSTEM_ADMIN = _account(Role.SYSTEM_ADMIN, "Sam Okafor", note="the health of the system")
ADMIN = _account(Role.PROGRAM_ADMIN, "Robin Castellano", note="people, schedule, audit pages")
AUDITOR = _account(Role.AUDITOR, "Avery Lindqvist", note="reads the evidence")
CASE_MANAGER = _account(Role.CASE_MANAGER, "Casey Romero", phone="+1 212 555 0150", note="who is missing")
THERAPIST = _account(
    Role.THERAPIST,
    "Morgan Bellweather",
    credential="LCSW",
    phone="+1 212 555 0151",
    note="starts the group that waits now",
)
SECOND_THERAPIST = _account(
    Role.THERAPIST, "Noor Hadley", credential="LMHC", phone="+1 212 555 0152", note="may cover"
)

# The first two are the ones to join with; the last one still has an agreement to sign.
MORNING_GROUP = (
    _account(Role.PATIENT, "Jordan Ellery", "Jo", phone="+1 917 555 0161", note="a patient with eight weeks"),
    _account(
        Role.PATIENT,
        "Lucia Marchetti",
        zone="America/Los_Angeles",
        phone="+1 415 555 0162",
        note="a second patient, in another time zone",
    ),
    _account(Role.PATIENT, "Devin Achterberg", phone="+1 917 555 0163"),
    _account(Role.PATIENT, "Amara Nwosu", phone="+1 917 555 0164"),
    _account(Role.PATIENT, "Theo Vandermeer", phone="+1 917 555 0165"),
    _account(Role.PATIENT, "Hana Kobayashi", phone="+1 917 555 0166"),
    _account(Role.PATIENT, "Felix Oyelaran", phone="+1 917 555 0167"),
)
NEWCOMER = _account(
    Role.PATIENT, "Wren Talbot", phone="+1 917 555 0168", note="has to sign the group agreement first"
)
EVENING_GROUP = (
    _account(Role.PATIENT, "Priya Raman", phone="+1 917 555 0171"),
    _account(Role.PATIENT, "Cole Whitaker", phone="+1 917 555 0172"),
    _account(Role.PATIENT, "Ines Duarte", phone="+1 917 555 0173"),
    _account(Role.PATIENT, "Milo Sandoval", phone="+1 917 555 0174"),
)

STAFF = (SYSTEM_ADMIN, ADMIN, AUDITOR, CASE_MANAGER, THERAPIST, SECOND_THERAPIST)
LOGINS = (
    MORNING_GROUP[0],
    MORNING_GROUP[1],
    NEWCOMER,
    THERAPIST,
    SECOND_THERAPIST,
    ADMIN,
    CASE_MANAGER,
    AUDITOR,
    SYSTEM_ADMIN,
)

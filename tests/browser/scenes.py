"""The scenes of the browser tests: who meets whom, and when. No Django here: the tests read it too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

PASSWORD = "slow green river 47"
ADMIN, AUDITOR = "ada", "quinn"
FAMILY_NAME, MAIL_HOST = "Example", "example.org"


@dataclass(frozen=True, slots=True)
class Scene:
    """A session and its own people; `starts_in` counts from the moment the data are made."""

    key: str
    title: str
    therapist: str
    patients: tuple[str, ...]
    unsigned: tuple[str, ...] = ()
    starts_in: timedelta = timedelta(minutes=-5)
    length: timedelta = timedelta(hours=2)


SCENES = (
    Scene("first_light", "Morning group", "thea", ("ana", "ben")),
    Scene("door", "Door group", "tom", ("carla", "dora"), unsigned=("carla",)),
    Scene("later", "Evening group", "lea", ("dina",), starts_in=timedelta(hours=3)),
    Scene("seat", "Seat group", "sol", ("emil", "fay")),
    Scene("devices", "Device group", "uma", ("gus", "hal")),
    Scene("outage", "Storm group", "vera", ("ida", "jon")),
    Scene("firefox", "Fox group", "lars", ("mia",)),
    Scene("network", "Weak line group", "nora", ("owen",)),
    Scene("authority", "Quiet group", "rosa", ("saul", "tara", "udo")),
    Scene("pages", "Page group", "wim", ("kay",)),
    Scene("turn", "Harbor wall group", "yara", ("zoe",)),
)

# A group that was held some hours ago, for what happens to its minutes afterwards.
HELD = Scene("held", "Harbor group", "nell", ("otto", "pia"))

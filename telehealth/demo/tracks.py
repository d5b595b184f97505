"""The demo's two tracks and the history of its credit terms."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sessions.rules.conditions.packs import PACKS
from sessions.services.conditions.terms import set_terms
from telehealth.accounts.models import User
from telehealth.programs.models import Program, Track
from telehealth.programs.services import create_track

MORNING, EVENING = "Morning", "Evening"
PACK = "strict_per_diem"
TERMS_CHANGED = timedelta(weeks=4)


def set_up_tracks(admin: User, program: Program, today: date, founded: datetime) -> tuple[Track, Track]:
    """Make the morning and the evening track; give the program newer terms and the evening a payer's pack.

    All of it stands when sessions are planned, so that each is frozen with the terms of its own date.
    """
    morning = create_track(actor=admin, program=program, name=MORNING, at=founded)
    evening = create_track(actor=admin, program=program, name=EVENING, at=founded)
    set_terms(
        actor=admin,
        program=program,
        track=None,
        name="Ten minutes of grace",
        effective_on=today - TERMS_CHANGED,
        parameters={"late_grace_min": 10, "min_presence_ratio": "0.80"},
        at=founded,
    )
    pack = PACKS[PACK]
    set_terms(
        actor=admin,
        program=program,
        track=evening,
        name=pack.name,
        effective_on=program.date_at(founded),
        parameters=dict(pack.parameters),
        pack=pack.key,
        at=founded,
    )
    return morning, evening

"""May this person be in a live room, and what may they do there?"""

from __future__ import annotations

from datetime import datetime

from sessions.models import GroupSession, Participation, ParticipationState, RoomRole
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.enrollment.gates import join_gate
from telehealth.enrollment.selectors import join_gate_facts, patient_of
from telehealth.programs.selectors import is_member

from .denials import SessionDenial


def can_join(actor: User, group_session: GroupSession, *, on_roster: bool, at: datetime) -> Decision:
    """Let patients through the join gate, and clinicians who may run the room."""
    patient = patient_of(actor) if actor.is_active and actor.role_enum is Role.PATIENT else None
    if patient is not None:
        return join_gate(
            join_gate_facts(
                patient=patient,
                program=group_session.program,
                on_roster=on_roster,
                is_group=group_session.is_group,
                at=at,
            )
        )
    if actor.role_enum is Role.THERAPIST:
        return can_run_room(actor, group_session, at=at)
    return Decision.deny(
        SessionDenial.ROLE_MAY_NOT_JOIN,
        "This account cannot join live sessions. Sign in with the account of the person who takes part.",
    )


def can_run_room(actor: User, group_session: GroupSession, *, at: datetime) -> Decision:
    """Let the facilitator of record, or a covering therapist of the same program, run the room."""
    if actor.is_active and actor.role_enum is Role.THERAPIST and is_member(actor, group_session.program, at):
        return Decision.allow()
    return Decision.deny(
        SessionDenial.NOT_A_FACILITATOR, "Only a therapist of this program can do this in the room."
    )


def can_come_back(participation: Participation) -> Decision:
    """Keep people who were removed or turned away out until a facilitator readmits them."""
    if participation.state in (ParticipationState.REMOVED, ParticipationState.DENIED):
        return Decision.deny(
            SessionDenial.REMOVED,
            "The facilitator removed you from this session. You can come back when they let you in again.",
        )
    return Decision.allow()


def can_take_seat(group_session: GroupSession, *, seated_patients: int, limit: int | None) -> Decision:
    """Keep a group within the size its terms allow; admission is refused before it grows too large."""
    if limit is None or seated_patients < limit:
        return Decision.allow()
    return Decision.deny(
        SessionDenial.GROUP_TOO_LARGE,
        f"The room is full: the terms of this session allow {limit} patients at a time.",
        "Someone has to leave before another person can be admitted.",
    )


def can_enter_locked(
    group_session: GroupSession, participation: Participation | None, role: RoomRole
) -> Decision:
    """Keep new patients out of a locked room, also out of its waiting room.

    Who had a seat may come back to it, who waits already may go on waiting, and colleagues may always come.
    """
    is_new = participation is None or (
        participation.admitted_at is None and participation.state != ParticipationState.WAITING
    )
    if not group_session.is_room_locked or role is RoomRole.FACILITATOR or not is_new:
        return Decision.allow()
    return Decision.deny(
        SessionDenial.ROOM_LOCKED,
        "The facilitator has locked this session: nobody new can come in at the moment.",
        "Call your program if you should be here. When the session is unlocked, open this page again.",
    )


def can_share_screen(participation: Participation) -> Decision:
    """Let facilitators show their screen; what patients have on theirs may be about others."""
    if participation.role == RoomRole.FACILITATOR:
        return Decision.allow()
    return Decision.deny(
        SessionDenial.SCREEN_FOR_FACILITATORS,
        "Only facilitators can share a screen.",
        "Hold what you want to show up to your camera, or ask your facilitator to show it.",
    )

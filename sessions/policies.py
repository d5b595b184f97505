"""May this person do this with a session? Each answer is a `Decision` with a reason."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sessions.models import GroupSession, Participation, ParticipationState, SessionSeries
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.enrollment.gates import join_gate
from telehealth.enrollment.selectors import join_gate_facts, patient_of
from telehealth.programs.models import Program
from telehealth.programs.policies import can_administer
from telehealth.programs.selectors import is_member


class SessionDenial(StrEnum):
    """Why a session is closed to an account; ids are never reused. The join gate has reasons of its own."""

    ROLE_MAY_NOT_JOIN = "role_may_not_join"
    NOT_A_FACILITATOR = "not_a_facilitator"
    NOT_THE_SCHEDULER = "not_the_scheduler"
    FACILITATOR_NOT_QUALIFIED = "facilitator_not_qualified"
    REMOVED = "removed"
    GROUP_TOO_LARGE = "group_too_large"


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


def can_schedule(actor: User, program: Program, *, at: datetime) -> Decision:
    """Let the program's administrators make sessions."""
    return can_administer(actor, program, at)


def can_edit_session(actor: User, group_session: GroupSession, *, at: datetime) -> Decision:
    """Let administrators, and the facilitator of record, move or cancel a session and edit its roster."""
    if actor.pk == group_session.facilitator_id and can_run_room(actor, group_session, at=at):
        return Decision.allow()
    return _scheduler(can_administer(actor, group_session.program, at))


def can_edit_series(actor: User, series: SessionSeries, *, at: datetime) -> Decision:
    """Let administrators change what a series generates."""
    return _scheduler(can_administer(actor, series.program, at))


def can_facilitate(person: User, program: Program, *, at: datetime) -> Decision:
    """Ask of a facilitator of record that they are an active therapist of the program."""
    if person.is_active and person.role_enum is Role.THERAPIST and is_member(person, program, at):
        return Decision.allow()
    return Decision.deny(
        SessionDenial.FACILITATOR_NOT_QUALIFIED,
        "The facilitator must be an active therapist of this program.",
        "Choose another person, or add this one to the program first.",
    )


def _scheduler(decision: Decision) -> Decision:
    if decision:
        return decision
    return Decision.deny(
        SessionDenial.NOT_THE_SCHEDULER,
        "Only an administrator of this program, or the session's own facilitator, can change this.",
    )

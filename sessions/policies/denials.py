"""The closed list of reasons why something about a session is refused."""

from __future__ import annotations

from enum import StrEnum


class SessionDenial(StrEnum):
    """Why a session is closed to an account; ids are never reused. The join gate has reasons of its own."""

    ROLE_MAY_NOT_JOIN = "role_may_not_join"
    NOT_A_FACILITATOR = "not_a_facilitator"
    NOT_THE_SCHEDULER = "not_the_scheduler"
    FACILITATOR_NOT_QUALIFIED = "facilitator_not_qualified"
    REMOVED = "removed"
    GROUP_TOO_LARGE = "group_too_large"
    ROOM_LOCKED = "room_locked"
    SCREEN_FOR_FACILITATORS = "screen_for_facilitators"
    NOT_THE_CLINICIAN = "not_the_clinician"
    DID_NOT_LEAD = "did_not_lead"
    NOT_A_REQUESTER = "not_a_requester"
    OUTAGE_NEEDS_CLINICIAN = "outage_needs_clinician"
    NOT_AN_APPROVER = "not_an_approver"
    OWN_CORRECTION = "own_correction"
    NOT_YOUR_REQUEST = "not_your_request"
    NOT_YOUR_ATTENDANCE = "not_your_attendance"
    NOT_AN_ANSWERER = "not_an_answerer"
    NOT_A_CARER = "not_a_carer"

"""May this person do this with a session? Each answer is a `Decision` with a reason."""

from .attendance import (
    can_answer_dispute,
    can_approve_corrections,
    can_attest,
    can_decide_correction,
    can_dispute,
    can_request_correction,
    can_withdraw_correction,
)
from .denials import SessionDenial
from .planning import can_edit_series, can_edit_session, can_facilitate, can_schedule
from .room import (
    can_come_back,
    can_enter_locked,
    can_join,
    can_run_room,
    can_share_screen,
    can_take_seat,
)

__all__ = [
    "SessionDenial",
    "can_answer_dispute",
    "can_approve_corrections",
    "can_attest",
    "can_come_back",
    "can_decide_correction",
    "can_dispute",
    "can_edit_series",
    "can_edit_session",
    "can_enter_locked",
    "can_facilitate",
    "can_join",
    "can_request_correction",
    "can_run_room",
    "can_schedule",
    "can_share_screen",
    "can_take_seat",
    "can_withdraw_correction",
]

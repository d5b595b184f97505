"""What can happen in a room.

Each function locks the session, asks the policies, writes, audits and announces.
"""

from .entry import Entry, Resume, enter_room
from .lifecycle import end_break, end_session, open_session, start_break
from .moderation import RemovalReason, admit, admit_all, lock_room, mute, readmit, remove, stop_video
from .seats import end_seat, leave, mark_back, mark_left, mark_reconnecting, revoke_consent, set_media
from .side_rooms import move_person
from .sweeps import end_abandoned, sweep_lapsed

__all__ = [
    "Entry",
    "RemovalReason",
    "Resume",
    "admit",
    "admit_all",
    "end_abandoned",
    "end_break",
    "end_seat",
    "end_session",
    "enter_room",
    "leave",
    "lock_room",
    "mark_back",
    "mark_left",
    "mark_reconnecting",
    "move_person",
    "mute",
    "open_session",
    "readmit",
    "remove",
    "revoke_consent",
    "set_media",
    "start_break",
    "stop_video",
    "sweep_lapsed",
]

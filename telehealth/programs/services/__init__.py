"""Writes of programs: the program, its people, its tracks and terms, invitations."""

from ..selectors import terms_in_force
from .invitations import (
    accept_invitation,
    invite_account,
    invite_person,
    resend_invitation,
    revoke_invitation,
)
from .memberships import add_membership, change_seat, end_membership
from .programs import create_program
from .terms import TermsSet, set_and_apply_terms, set_credit_terms
from .tracks import create_track, end_track

__all__ = [
    "TermsSet",
    "accept_invitation",
    "add_membership",
    "change_seat",
    "create_program",
    "create_track",
    "end_membership",
    "end_track",
    "invite_account",
    "invite_person",
    "resend_invitation",
    "revoke_invitation",
    "set_and_apply_terms",
    "set_credit_terms",
    "terms_in_force",
]

"""Writes of programs: the program, its people, its terms, invitations."""

from ..selectors import terms_in_force
from .invitations import (
    accept_invitation,
    invite_account,
    invite_person,
    resend_invitation,
    revoke_invitation,
)
from .memberships import add_membership, change_seat, end_membership
from .programs import create_program, set_credit_terms

__all__ = [
    "accept_invitation",
    "add_membership",
    "change_seat",
    "create_program",
    "end_membership",
    "invite_account",
    "invite_person",
    "resend_invitation",
    "revoke_invitation",
    "set_credit_terms",
    "terms_in_force",
]

"""Secrets of single-use links: long, random, stored only as a hash."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """Make a secret of 256 bits that fits into a link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Hash a secret for storage and look-up; it is random enough to need no salt and no stretching."""
    return hashlib.sha256(token.encode()).hexdigest()

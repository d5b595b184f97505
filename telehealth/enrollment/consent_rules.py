"""Pure rules about agreements: which bytes are shown, and where a patient's agreement stands at an instant.

The rules, in words (domain.md 4.4 and 4.5):
- The latest act counts. A revocation ends the agreement of its kind, whatever was signed before it.
- A signature counts until a later published version of its language says `requires_resigning`.
- A document with `valid_days` counts the day of signing as day one, by the program's calendar.
- Acts and versions after the instant asked about do not exist yet, so past questions keep their answers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from .gates import AgreementState

RENEWAL_DAYS = 30
HEADING_LENGTH = 90


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a text between blank lines."""

    is_heading: bool
    text: str


@dataclass(frozen=True, slots=True)
class VersionFact:
    """One published version of the document of one kind."""

    id: UUID
    language: str
    version: int
    published_at: datetime
    requires_resigning: bool
    valid_days: int | None


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """One signature under one of those versions, and its revocation if there was one."""

    id: UUID
    document_id: UUID
    signed_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer for one kind: the state, the signature it rests on, and the last day it is good for."""

    state: AgreementState
    signature_id: UUID | None = None
    last_day: date | None = None

    def may_be_signed(self, today: date) -> bool:
        """Say whether a new signature is wanted: none in force, or one that runs out soon."""
        if self.state is AgreementState.SIGNED:
            return self.last_day is not None and self.last_day - today < timedelta(days=RENEWAL_DAYS)
        return self.state.can_be_signed


def shown_text(title: str, body: str) -> str:
    """Give the text of a document exactly as it is shown, hashed and downloaded."""
    return f"{title}\n\n{body}"


def text_blocks(body: str) -> list[Block]:
    """Cut a text into headings ("2. Words" alone on a line) and paragraphs; no character is changed."""
    blocks = []
    for part in re.split(r"\n[^\S\n]*\n+", body):
        is_heading = "\n" not in part and len(part) <= HEADING_LENGTH and bool(re.match(r"\d+\. \S", part))
        blocks.append(Block(is_heading, part))
    return blocks


def text_sha256(title: str, body: str) -> str:
    """Hash the exact bytes shown."""
    return hashlib.sha256(shown_text(title, body).encode()).hexdigest()


def newest_version(versions: Iterable[VersionFact], *, language: str, at: datetime) -> VersionFact | None:
    """Find the version a patient would be shown: the newest of the language, else the newest English one."""
    published = [version for version in versions if version.published_at <= at]
    for wanted in (language, "en"):
        candidates = [version for version in published if version.language == wanted]
        if candidates:
            return max(candidates, key=lambda version: version.version)
    return None


def standing(
    versions: Sequence[VersionFact], signatures: Iterable[SignatureFact], *, at: datetime, zone: tzinfo
) -> Standing:
    """Judge one kind of agreement of one patient in one program at an instant."""
    published = {version.id: version for version in versions if version.published_at <= at}
    if not published:
        return Standing(AgreementState.NOT_PUBLISHED)
    given = [item for item in signatures if item.signed_at <= at and item.document_id in published]
    if not given:
        return Standing(AgreementState.MISSING)
    latest = max(given, key=lambda item: item.signed_at)
    revoked = [item.revoked_at for item in given if item.revoked_at is not None and item.revoked_at <= at]
    if revoked and max(revoked) >= latest.signed_at:
        return Standing(AgreementState.REVOKED, latest.id)
    signed = published[latest.document_id]
    last_day = _last_day(signed, latest, zone)
    if _is_superseded(signed, published.values()):
        return Standing(AgreementState.SUPERSEDED, latest.id, last_day)
    if last_day is not None and at.astimezone(zone).date() > last_day:
        return Standing(AgreementState.EXPIRED, latest.id, last_day)
    return Standing(AgreementState.SIGNED, latest.id, last_day)


def _is_superseded(signed: VersionFact, published: Iterable[VersionFact]) -> bool:
    return any(
        other.requires_resigning and other.language == signed.language and other.version > signed.version
        for other in published
    )


def _last_day(signed: VersionFact, signature: SignatureFact, zone: tzinfo) -> date | None:
    if signed.valid_days is None:
        return None
    return signature.signed_at.astimezone(zone).date() + timedelta(days=signed.valid_days - 1)

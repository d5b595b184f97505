"""Where an agreement stands: the latest act, versions, validity in days, an unchanged past."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from telehealth.enrollment.consent_rules import (
    SignatureFact,
    VersionFact,
    newest_version,
    shown_text,
    standing,
    text_sha256,
)
from telehealth.enrollment.gates import AgreementState

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
V1 = VersionFact(uuid4(), "en", 1, NOON - timedelta(days=30), requires_resigning=False, valid_days=None)


def version(number: int, at: datetime, *, resign: bool = False, language: str = "en") -> VersionFact:
    return VersionFact(uuid4(), language, number, at, requires_resigning=resign, valid_days=None)


def signed(fact: VersionFact, at: datetime, revoked_at: datetime | None = None) -> SignatureFact:
    return SignatureFact(uuid4(), fact.id, at, revoked_at)


def state(versions: list[VersionFact], signatures: list[SignatureFact], at: datetime) -> AgreementState:
    return standing(versions, signatures, at=at, zone=NEW_YORK).state


def test_without_a_published_text_nothing_can_be_signed() -> None:
    assert state([], [], NOON) is AgreementState.NOT_PUBLISHED
    assert (
        state([replace(V1, published_at=NOON + timedelta(seconds=1))], [], NOON)
        is AgreementState.NOT_PUBLISHED
    )


def test_signature_counts_from_its_instant_on() -> None:
    given = signed(V1, NOON)
    assert state([V1], [given], NOON - timedelta(seconds=1)) is AgreementState.MISSING
    assert state([V1], [given], NOON) is AgreementState.SIGNED


def test_later_version_leaves_signatures_alone_unless_it_asks_for_new_ones() -> None:
    later = NOON + timedelta(days=1)
    given = [signed(V1, NOON)]
    assert state([V1, version(2, later)], given, later) is AgreementState.SIGNED
    stern = version(2, later, resign=True)
    assert state([V1, stern], given, later) is AgreementState.SUPERSEDED
    assert state([V1, stern], given, later - timedelta(seconds=1)) is AgreementState.SIGNED
    assert state([V1, stern], [*given, signed(stern, later)], later) is AgreementState.SIGNED


def test_stern_version_in_the_middle_still_counts_after_a_mild_one() -> None:
    versions = [V1, version(2, NOON + timedelta(days=1), resign=True), version(3, NOON + timedelta(days=2))]
    assert state(versions, [signed(V1, NOON)], NOON + timedelta(days=3)) is AgreementState.SUPERSEDED


def test_translation_does_not_supersede_the_language_that_was_signed() -> None:
    spanish = version(2, NOON + timedelta(days=1), resign=True, language="es")
    assert state([V1, spanish], [signed(V1, NOON)], NOON + timedelta(days=2)) is AgreementState.SIGNED


def test_revocation_ends_the_agreement_whatever_was_signed_before() -> None:
    second = version(2, NOON + timedelta(days=1))
    versions, gone = [V1, second], NOON + timedelta(days=3)
    signatures = [signed(V1, NOON), signed(second, NOON + timedelta(days=2), revoked_at=gone)]
    assert state(versions, signatures, gone - timedelta(seconds=1)) is AgreementState.SIGNED
    assert state(versions, signatures, gone) is AgreementState.REVOKED
    again = [*signatures, signed(second, NOON + timedelta(days=4))]
    assert state(versions, again, NOON + timedelta(days=4)) is AgreementState.SIGNED


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # Signed on March 2 for 7 days, counted by the calendar of New York: the last day is March 8, the day
        # clocks go forward there.
        (datetime(2026, 3, 9, 3, 59, 59, tzinfo=UTC), AgreementState.SIGNED),
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), AgreementState.EXPIRED),
    ],
)
def test_validity_is_counted_in_days_of_the_program_calendar(at: datetime, expected: AgreementState) -> None:
    week = replace(V1, valid_days=7)
    found = standing([week], [signed(week, NOON)], at=at, zone=NEW_YORK)
    assert found.state is expected
    assert found.last_day == date(2026, 3, 8)


def test_signature_may_be_renewed_when_it_soon_runs_out() -> None:
    year = replace(V1, valid_days=365)
    found = standing([year], [signed(year, NOON)], at=NOON, zone=NEW_YORK)
    assert not found.may_be_signed(date(2027, 1, 30))
    assert found.may_be_signed(date(2027, 1, 31))


def test_newest_version_is_the_language_asked_for_else_english() -> None:
    spanish = version(1, NOON, language="es")
    assert newest_version([V1, spanish], language="es", at=NOON) is spanish
    assert newest_version([V1, spanish], language="fr", at=NOON) is V1
    assert newest_version([spanish], language="fr", at=NOON) is None


def test_hash_covers_title_blank_line_and_body() -> None:
    assert shown_text("T", "B") == "T\n\nB"
    assert text_sha256("T", "B") != text_sha256("T ", "B")
    assert text_sha256("T", "B") == "c467a8e4991deeb4a45eda82181eeb4bf23107e7798dd197cb5432cf9df3f268"

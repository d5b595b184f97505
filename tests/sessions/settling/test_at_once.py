"""Two people at one roster at the same moment: one of them comes second, and hears so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessions.models import CorrectionDecision, SignOff
from sessions.services.signing.corrections import refuse_correction
from telehealth.core.errors import DomainError
from tests import cast as stage
from tests.cast import Cast

from ..services.test_concurrency import at_once
from .desk import SOON, approve, ask, example_b, record_of, shown, sign, supervise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return stage.build(patients=2)


def outcome(job: Callable[[], object]) -> Callable[[], str]:
    """Give what becomes of a job: done, or the id of its refusal."""

    def run() -> str:
        try:
            job()
        except DomainError as refusal:
            return refusal.error
        return "done"

    return run


def test_a_roster_is_signed_once_by_two_tabs(cast: Cast) -> None:
    group = example_b(cast)
    seen = shown(group)
    tab = outcome(lambda: sign(cast, group, shown_hash=seen))
    assert sorted(at_once(tab, tab)) == ["done", "signed_already"]
    assert SignOff.objects.count() == 1


def test_one_of_two_approvers_decides(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180)
    other = supervise(cast, cast.covering_therapist)
    said = at_once(
        outcome(lambda: approve(cast, made)),
        outcome(lambda: refuse_correction(actor=other, correction_id=made.pk, note="No log", at=SOON)),
    )
    assert sorted(said) == ["correction_decided", "done"]
    decision = CorrectionDecision.objects.get()
    assert record_of(cast, group).decided_min == (180 if decision.outcome == "approved" else 154)


def test_a_signature_and_a_correction_never_cross(cast: Cast) -> None:
    group = example_b(cast)
    seen = shown(group)
    said = at_once(
        outcome(lambda: sign(cast, group, shown_hash=seen)), outcome(lambda: ask(cast, group, 160))
    )
    # Either the correction came first and the rows were shown anew, or it took the signature away.
    assert said in (["roster_changed", "done"], ["done", "done"])
    group.refresh_from_db()
    assert group.roster_state == "COMPUTED"

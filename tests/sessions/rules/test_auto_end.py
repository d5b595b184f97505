"""The auto-end rule, and that the calculation applies the same."""

import pytest

from sessions.rules.crediting.held import has_auto_ended
from sessions.rules.presence.auto_end import AutoEndStep, auto_end
from sessions.rules.time.instants import floor_instant
from tests.sessions.rules.ledger import t


@pytest.mark.parametrize(
    ("departed", "as_of", "minutes", "step"),
    [
        ("14:00", "14:00", 15, AutoEndStep.NOTHING),
        ("14:00", "13:59", 15, AutoEndStep.NOTHING),
        ("14:00", "14:00:01", 15, AutoEndStep.WARN),
        ("14:00", "14:14:59", 15, AutoEndStep.WARN),
        ("14:00", "14:15", 15, AutoEndStep.END),
        ("14:00", "14:00", 0, AutoEndStep.NOTHING),
        ("14:00", "14:00:01", 0, AutoEndStep.END),
    ],
)
def test_it_warns_and_then_ends_at_the_departure(departed, as_of, minutes, step):
    decision = auto_end(departed_at=t(departed), as_of=t(as_of), auto_end_min=minutes)
    assert decision.step is step
    if step is AutoEndStep.NOTHING:
        assert (decision.deadline, decision.ended_at) == (None, None)
    else:
        assert (decision.deadline, decision.ended_at) == (t(f"14:{minutes:02}"), t(departed))
    offline = has_auto_ended(floor_instant(t(departed)), as_of=floor_instant(t(as_of)), auto_end_min=minutes)
    assert offline == (step is AutoEndStep.END)

"""Named packs: every one can be used, says what it follows, and has the consequences it explains."""

from __future__ import annotations

import re

import pytest

from sessions.rules import compute, parse
from sessions.rules.conditions.packs import PACKS, Pack
from sessions.rules.conditions.term_words import TERM_WORDS, default_words, value_words
from sessions.rules.conditions.terms import PARAMETERS
from sessions.rules.crediting.credit import Result
from tests.sessions.rules.builders import enrollment, evidence, patient, session
from tests.sessions.rules.test_what_if import document

ALL = pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS.keys())


def judged(pack: Pack | None, *sessions: dict[str, object]) -> Result:
    """Compute sessions of one patient by a pack and its target, in a week that is over."""
    policy = {} if pack is None else dict(pack.parameters)
    target = 540 if pack is None else pack.weekly_target_min
    whole = evidence(
        *sessions, policy=policy, enrollments=(enrollment(target=target),), as_of="2026-12-01T05:00:00Z"
    )
    return compute(parse(document(whole)))


def days_of(minutes: int, *days: str) -> list[dict[str, object]]:
    """Hold a session of so many minutes on each day, attended in full by two patients."""
    end = f"{9 + minutes // 60:02}:{minutes % 60:02}"
    return [
        session(
            patient("p1", f"09:00-{end}", day=day),
            patient("p2", f"09:00-{end}", day=day),
            session_id=day,
            scheduled=f"09:00-{end}",
            day=day,
        )
        for day in days
    ]


WEEK = ("2026-11-16", "2026-11-17", "2026-11-18")


def test_the_four_packs_have_stable_keys() -> None:
    assert list(PACKS) == ["asam_adult", "asam_adolescent", "strict_per_diem", "clinical_hour_50"]
    assert all(key == pack.key for key, pack in PACKS.items())


@ALL
def test_every_value_of_a_pack_is_one_the_calculation_takes(pack: Pack) -> None:
    assert set(pack.parameters) <= set(PARAMETERS) - {"week_start"}
    parse(document(evidence(policy=dict(pack.parameters))))
    assert 0 < pack.weekly_target_min < pack.parameters.get("loc_ceiling_min", 1200)


@ALL
def test_every_pack_names_the_pages_it_follows(pack: Pack) -> None:
    assert pack.sources
    assert all(re.fullmatch(r"N[1-9]\d?", source.note) for source in pack.sources)
    assert all(source.page and source.says for source in pack.sources)
    assert pack.explanation.endswith(".")


def test_a_day_with_a_break_too_many_is_a_day_by_the_clinical_hour_and_for_youth_only() -> None:
    # Worked example H: a block of three hours with a break of ten minutes nets 170.
    block = session(
        patient("p1", "09:00-12:00"),
        patient("p2", "09:00-12:00"),
        scheduled="09:00-12:00",
        breaks=("10:30-10:40",),
    )
    found = {key: judged(pack, block).days[0] for key, pack in PACKS.items()}
    assert {key: (day.billable_min, day.per_diem) for key, day in found.items()} == {
        "asam_adult": (170, 0),
        "asam_adolescent": (170, 1),
        "strict_per_diem": (170, 0),
        "clinical_hour_50": (170, 1),
    }


def test_strict_per_diem_bridges_no_drop() -> None:
    # Worked example B: one drop of 90 seconds is bridged by the defaults.
    late = patient("p1", "09:12:20-10:02:00", "10:03:30-11:10:00", "11:17:10-12:09:00")
    group = session(late, patient("p2", "09:00-12:15"), breaks=("10:30-10:45",))
    by_default, strictly = judged(None, group), judged(PACKS["strict_per_diem"], group)
    assert [one.sessions[0].patients[0].credited_min for one in (by_default, strictly)] == [154, 153]
    assert [one.sessions[0].patients[0].billable_min for one in (by_default, strictly)] == [153, 153]


def test_clinical_hours_lower_what_is_asked_and_inflate_no_minute() -> None:
    held = days_of(150, *WEEK)
    usual, clinical = judged(PACKS["asam_adult"], *held), judged(PACKS["clinical_hour_50"], *held)
    assert [one.weeks[0].hours_min for one in (usual, clinical)] == [450, 450]
    assert [str(one.weeks[0].flag) for one in (usual, clinical)] == ["SHORTFALL", "MET"]
    assert [sum(day.per_diem for day in one.days if day.patient == "p1") for one in (usual, clinical)] == [
        0,
        3,
    ]


@pytest.mark.parametrize(("key", "ceiling"), [("asam_adult", 1200), ("clinical_hour_50", 1000)])
def test_twenty_hours_are_another_level_of_care(key: str, ceiling: int) -> None:
    days = [f"2026-11-{day}" for day in (16, 17, 18, 19, 20)]
    assert judged(PACKS[key], *days_of(ceiling // 5, *days)).weeks[0].also == ("OVER_LOC",)
    assert judged(PACKS[key], *days_of(ceiling // 5 - 1, *days)).weeks[0].also == ()


def test_every_term_has_words_and_a_default_that_can_be_said() -> None:
    assert set(TERM_WORDS) == set(PARAMETERS) - {"week_start"}
    for name, words in TERM_WORDS.items():
        assert words.label
        assert words.explanation.endswith(".")
        assert default_words(name)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rejoin_bridge_sec", 0, "0 seconds"),
        ("rejoin_bridge_sec", 1, "1 second"),
        ("rejoin_bridge_sec", 60, "1 minute"),
        ("rejoin_bridge_sec", 90, "1 minute 30 s"),
        ("weekly_min_days", 1, "1 day"),
        ("group_max", 12, "12 patients"),
        ("break_counts", True, "Yes"),
        ("min_presence_ratio", "0.75", "0.75 (75 %)"),
        ("min_presence_ratio", "0.8550", "0.855 (85.5 %)"),
        ("audio_only_policy", "deny", "Do not credit it"),
        ("min_credit_min", None, "15 minutes in groups, 8 minutes otherwise"),
    ],
)
def test_values_are_said_in_words(name: str, value: object, said: str) -> None:
    assert value_words(name, value) == said

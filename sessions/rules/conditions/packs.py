"""Named packs: sets of credit terms to begin from, each with what it follows and where that is written.

A pack is a starting point, never a rule of law: the payer's contract and the state decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

StoredValue = int | bool | str


@dataclass(frozen=True, slots=True)
class PackSource:
    """One page a pack follows, and what it says. `note` is the number of the list in domain.md section 10."""

    note: str
    page: str
    says: str


@dataclass(frozen=True, slots=True)
class Pack:
    """Terms by name as they are stored, and the weekly target in minutes that goes with them."""

    key: str
    name: str
    parameters: Mapping[str, StoredValue]
    weekly_target_min: int
    explanation: str
    sources: tuple[PackSource, ...]


_ASAM = (
    PackSource(
        "N1", "aetna.com, ASAM criteria page", "IOP is at least 9 hours a week for adults, 6 for adolescents"
    ),
    PackSource(
        "N2", "open-exam-prep.com, ASAM levels", "20 hours a week and more are partial hospitalization"
    ),
    PackSource(
        "N3", "SAMHSA Advisory 2021, Clinical Issues in IOT", "the same hours, three or more days a week"
    ),
)
_H0015 = PackSource("N11", "carepatron.com, H0015", "3 hours a day on 3 days a week make the code")
_NOT_TREATMENT = PackSource(
    "N12", "capturercmoperations.com, H0015", "breaks, lunch, recreation and workbook time do not count"
)
_VIRGINIA = PackSource(
    "N14", "law.lis.virginia.gov, 12VAC30-130-5090", "3 hours a service day for adults, 2 for youth"
)

PACKS: Mapping[str, Pack] = MappingProxyType(
    {
        pack.key: pack
        for pack in (
            Pack(
                key="asam_adult",
                name="ASAM 2.1, adults",
                parameters=MappingProxyType(
                    {"weekly_min_days": 3, "loc_ceiling_min": 1200, "per_diem_min_minutes": 180}
                ),
                weekly_target_min=540,
                explanation=(
                    "Nine hours a week on at least three days; a day of three hours is a billable day. From "
                    "twenty hours on a week belongs to partial hospitalization."
                ),
                sources=(*_ASAM, _H0015),
            ),
            Pack(
                key="asam_adolescent",
                name="ASAM 2.1, adolescents",
                parameters=MappingProxyType(
                    {"weekly_min_days": 3, "loc_ceiling_min": 1200, "per_diem_min_minutes": 120}
                ),
                weekly_target_min=360,
                explanation=(
                    "Six hours a week on at least three days; a day of two hours is a billable day, as "
                    "Virginia has it for youth. Other payers may want three."
                ),
                sources=(*_ASAM, _VIRGINIA),
            ),
            Pack(
                key="strict_per_diem",
                name="Strict per diem",
                parameters=MappingProxyType(
                    {
                        "rejoin_bridge_sec": 0,
                        "bridge_cap_sec": 0,
                        "bridge_max_count": 0,
                        "facilitator_gap_sec": 0,
                        "early_credit_min": 0,
                        "overrun_credit_min": 0,
                        "break_counts": False,
                        "late_grace_min": 0,
                        "audio_only_policy": "deny",
                        "per_diem_min_minutes": 180,
                        "weekly_min_days": 3,
                    }
                ),
                weekly_target_min=540,
                explanation=(
                    "Only witnessed time led by a clinician counts: no dropped second is bridged, no minute "
                    "outside the plan, none without a camera. A day needs three full hours of it, so plan "
                    "3 h 15 min or more."
                ),
                sources=(
                    _H0015,
                    _NOT_TREATMENT,
                    PackSource(
                        "N13", "theshipgroup.freshdesk.com, SAIOP (NC)", "3 hours attended that day to bill"
                    ),
                    PackSource(
                        "N15",
                        "law.lis.virginia.gov, 12VAC30-130-5100",
                        "time not in intensive treatment is not billable (of partial hospitalization)",
                    ),
                    PackSource(
                        "N21",
                        "casetext.com, 9 CCR 9852",
                        "the instructor is there for the whole session (DUI, an analogue)",
                    ),
                ),
            ),
            Pack(
                key="clinical_hour_50",
                name="Clinical hour of 50 minutes",
                parameters=MappingProxyType(
                    {"per_diem_min_minutes": 150, "loc_ceiling_min": 1000, "weekly_min_days": 3}
                ),
                weekly_target_min=450,
                explanation=(
                    "For contracts that count an hour of treatment as 50 minutes. Minutes are never "
                    "inflated: what is asked in hours is asked in hours of 50 minutes instead. Nine hours a "
                    "week are 450 minutes, three hours a day 150, twenty hours 1000. Use it only where the "
                    "contract says so in writing."
                ),
                sources=(
                    PackSource(
                        "N27",
                        "novitas-solutions.com, psychotherapy times",
                        "the usual session, 90834, is 38 to 52 minutes; it says nothing of IOP hours",
                    ),
                    _H0015,
                ),
            ),
        )
    }
)

"""The service catalogue: which types are groups, and which count toward hours and the per diem."""

from enum import StrEnum


class ServiceType(StrEnum):
    """A kind of service; any other name is an error in evidence."""

    GROUP_THERAPY = "group_therapy"
    INDIVIDUAL_THERAPY = "individual_therapy"
    FAMILY_THERAPY = "family_therapy"
    PSYCHOEDUCATION = "psychoeducation"
    LIFE_SKILLS = "life_skills"
    RELAPSE_PREVENTION = "relapse_prevention"
    AFTERCARE_PLANNING = "aftercare_planning"
    DISCHARGE_MEETING = "discharge_meeting"
    MEDICATION_MANAGEMENT = "medication_management"
    CASE_MANAGEMENT = "case_management"
    PEER_SUPPORT = "peer_support"
    CAREER_ACADEMIC_SUPPORT = "career_academic_support"
    COMPLEMENTARY = "complementary"
    INTAKE_ASSESSMENT = "intake_assessment"
    ORIENTATION = "orientation"
    PHONE_CHECKUP = "phone_checkup"

    @property
    def is_group(self) -> bool:
        """Say whether the type is held as a group."""
        return self in GROUP_TYPES

    @property
    def counts(self) -> bool:
        """Say whether its minutes count toward weekly hours and the per diem."""
        return self in COUNTING_TYPES

    @property
    def may_overrun(self) -> bool:
        """Say whether minutes past the scheduled end are credited where no term says otherwise."""
        return self in OVERRUN_TYPES


GROUP_TYPES = frozenset(
    {
        ServiceType.GROUP_THERAPY,
        ServiceType.PSYCHOEDUCATION,
        ServiceType.LIFE_SKILLS,
        ServiceType.RELAPSE_PREVENTION,
        ServiceType.PEER_SUPPORT,
        ServiceType.COMPLEMENTARY,
    }
)
COUNTING_TYPES = frozenset(
    {
        ServiceType.GROUP_THERAPY,
        ServiceType.INDIVIDUAL_THERAPY,
        ServiceType.FAMILY_THERAPY,
        ServiceType.PSYCHOEDUCATION,
        ServiceType.LIFE_SKILLS,
        ServiceType.RELAPSE_PREVENTION,
        ServiceType.AFTERCARE_PLANNING,
        ServiceType.DISCHARGE_MEETING,
    }
)
OVERRUN_TYPES = frozenset(
    {
        ServiceType.INDIVIDUAL_THERAPY,
        ServiceType.FAMILY_THERAPY,
        ServiceType.AFTERCARE_PLANNING,
        ServiceType.DISCHARGE_MEETING,
    }
)

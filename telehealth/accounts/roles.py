"""The closed list of roles (domain.md 6.2)."""

from django.db import models


class Role(models.TextChoices):
    """What an account may be; one role an account in this release."""

    PATIENT = "patient", "Patient"
    THERAPIST = "therapist", "Therapist"
    CASE_MANAGER = "case_manager", "Case manager"
    PROGRAM_ADMIN = "program_admin", "Program administrator"
    AUDITOR = "auditor", "Auditor"
    SYSTEM_ADMIN = "system_admin", "System administrator"

    @property
    def is_staff_role(self) -> bool:
        """Say whether the person works for a program (MFA applies)."""
        return self is not Role.PATIENT

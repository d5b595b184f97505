"""Which episodes an account may know of: those of its programs, for auditors within their dates."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from telehealth.accounts.models import User
from telehealth.programs.selectors import audit_scopes

from ..models import Enrollment


def enrollments_for(user: User, at: datetime) -> QuerySet[Enrollment]:
    """Give the episodes of the account's programs; an auditor's, if they touch the dates of the seat."""
    seen = Q(pk__in=())
    for program, dates in audit_scopes(user, at).items():
        within = Q(program=program)
        if dates.is_limited:
            within &= Q(admitted_on__lte=dates.last)
            within &= Q(discharged_on__isnull=True) | Q(discharged_on__gte=dates.first)
        seen |= within
    return Enrollment.objects.filter(seen)

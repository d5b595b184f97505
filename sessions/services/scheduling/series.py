"""Weekly series: a wall-clock rule in the program's zone, and the sessions generated from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction

from sessions.models import GroupSession, RosterEntry, SeriesMember, ServiceType, SessionSeries
from sessions.policies import can_edit_series, can_facilitate, can_schedule
from sessions.rules.time.recurrence import Occurrence, PlannedBreak, RuleError, WeeklyRule, occurrences
from sessions.services.conditions.freezing import frozen_terms
from sessions.services.scheduling.planning import refuse_overlap, stored_breaks
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock
from telehealth.enrollment.models import Patient
from telehealth.programs.models import Program, Track

MAX_OCCURRENCES = 400


def create_series(
    *,
    actor: User,
    program: Program,
    title: str,
    service_type: ServiceType,
    facilitator: User,
    weekdays: Collection[int],
    starts_at: time,
    duration_min: int,
    starts_on: date,
    until_on: date,
    patients: Collection[Patient],
    at: datetime,
    breaks: Sequence[tuple[int, int]] = (),
    track: Track | None = None,
) -> SessionSeries:
    """Make a series and all its sessions; `breaks` are (minutes after the start, length in minutes)."""
    with transaction.atomic():
        can_schedule(actor, program, at=at).require()
        can_facilitate(facilitator, program, at=at).require()
        if until_on < starts_on:
            raise Conflict("empty_series", "A series must end on or after its first day.")
        series = SessionSeries(
            program=program,
            track=track,
            title=title.strip(),
            service_type=service_type,
            facilitator=facilitator,
            weekdays=sorted(set(weekdays)),
            starts_at=starts_at,
            duration_min=duration_min,
            breaks=[list(one) for one in breaks],
            starts_on=starts_on,
            until_on=until_on,
            created_by=actor,
            created_at=at,
        )
        dates = _occurrences(series)
        if not dates:
            raise Conflict("empty_series", "No session falls between these two days.")
        if len(dates) > MAX_OCCURRENCES:
            raise Conflict("series_too_long", f"A series has at most {MAX_OCCURRENCES} sessions.")
        series.save()
        SeriesMember.objects.bulk_create(SeriesMember(series=series, patient=patient) for patient in patients)
        made = _generate(series, dates, actor, at)
        audit.record(
            AuditAction.SERIES_CREATED,
            actor=actor,
            subject=series,
            at=at,
            data={"sessions": len(made), "patients": sorted(str(patient.pk) for patient in patients)},
        )
    return series


def generate_sessions(*, actor: User, series: SessionSeries, at: datetime) -> list[GroupSession]:
    """Generate what of a series is not there yet; what was moved or cancelled stays as it is."""
    with transaction.atomic():
        series = lock(SessionSeries.objects.select_related("program", "facilitator", "track"), series.pk)
        can_edit_series(actor, series, at=at).require()
        made = _generate(series, _occurrences(series), actor, at)
        if made:
            audit.record(
                AuditAction.SESSIONS_GENERATED,
                actor=actor,
                subject=series,
                at=at,
                data={"sessions": len(made)},
            )
    return made


def _occurrences(series: SessionSeries) -> list[Occurrence]:
    try:
        rule = WeeklyRule(
            zone=series.program.time_zone,
            weekdays=frozenset(series.weekdays),
            starts_at=series.starts_at,
            duration=timedelta(minutes=series.duration_min),
            breaks=tuple(
                PlannedBreak(timedelta(minutes=after), timedelta(minutes=length))
                for after, length in series.breaks
            ),
        )
    except RuleError as error:
        raise DomainError("bad_rule", f"This series cannot be followed: {error}.") from error
    return list(occurrences(rule, first=series.starts_on, last=series.until_on))


def _generate(
    series: SessionSeries, dates: Sequence[Occurrence], actor: User, at: datetime
) -> list[GroupSession]:
    """Write the missing sessions with the terms of their dates.

    One that runs into another refuses them all.
    """
    known = set(GroupSession.objects.filter(series=series).values_list("occurrence_on", flat=True))
    members = list(
        SeriesMember.objects.filter(series=series, removed_at=None).values_list("patient_id", flat=True)
    )
    made = []
    for one in dates:
        if one.local_date in known:
            continue
        refuse_overlap(
            start=one.start, end=one.end, facilitator_id=series.facilitator_id, patient_ids=members
        )
        made.append(
            GroupSession(
                program=series.program,
                series=series,
                occurrence_on=one.local_date,
                title=series.title,
                service_type=series.service_type,
                facilitator_id=series.facilitator_id,
                scheduled_start=one.start,
                scheduled_end=one.end,
                planned_breaks=stored_breaks(one.breaks),
                track=series.track,
                **frozen_terms(series.program, series.track, one.local_date),
            )
        )
    GroupSession.objects.bulk_create(made)
    RosterEntry.objects.bulk_create(
        RosterEntry(group_session=group_session, patient_id=patient_id, added_by=actor, added_at=at)
        for group_session in made
        for patient_id in members
    )
    return made

"""Make and end the tracks of a program."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock

from ..models import Program, Track
from ..policies import can_set_up


def create_track(*, actor: User, program: Program, name: str, at: datetime) -> Track:
    """Add a track; it has the program's terms until it gets some of its own."""
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_set_up(actor, program, at).require()
        wanted = " ".join(name.split())
        if not wanted or len(wanted) > Track._meta.get_field("name").max_length:  # type: ignore[operator]
            raise DomainError("track_name_missing", "Give the track a name of at most 80 characters.")
        if Track.objects.filter(program=program, name__iexact=wanted).exists():
            raise Conflict("track_name_taken", "The program has a track of this name. Choose another name.")
        track = Track.objects.create(program=program, name=wanted)
        audit.record(
            audit.AuditAction.TRACK_CREATED,
            actor=actor,
            subject=track,
            at=at,
            data={"program": str(program.pk)},
        )
    return track


def end_track(*, actor: User, track: Track, ended_on: date, at: datetime) -> Track:
    """Set a track's last day; nothing new is planned in it after, what is planned stays as it is."""
    with transaction.atomic():
        program = lock(Program, track.program_id)
        can_set_up(actor, program, at).require()
        track = lock(Track, track.pk)
        if track.ended_on is not None and track.ended_on < program.date_at(at):
            raise Conflict("track_ended", f"This track ended on {track.ended_on.isoformat()} already.")
        if ended_on < program.date_at(at):
            raise Conflict("date_in_past", "The last day of a track is today or later.")
        track.ended_on = ended_on
        track.save(update_fields=["ended_on"])
        audit.record(
            audit.AuditAction.TRACK_ENDED,
            actor=actor,
            subject=track,
            at=at,
            data={"program": str(program.pk), "ended_on": ended_on.isoformat()},
        )
    return track

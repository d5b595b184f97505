"""Credit terms as people read them: what is in force where, what comes, what was, and what a change means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sessions.rules.conditions.packs import PACKS, Pack
from sessions.rules.conditions.term_words import TERM_WORDS, default_words, value_words
from sessions.rules.conditions.terms import PARAMETERS, Place
from sessions.selectors.conditions.term_rows import (
    PATIENT,
    PROGRAM,
    TRACK,
    Stored,
    TermSection,
    VersionRow,
    parameters_of,
    sections_of,
    version_rows,
)
from sessions.selectors.planned import planned_from
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Enrollment, EnrollmentTerms
from telehealth.enrollment.selectors import get_enrollment_for
from telehealth.enrollment.selectors.terms import track_on
from telehealth.programs.models import CreditTerms, Program, Track
from telehealth.programs.policies import can_administer
from telehealth.programs.selectors import programs_of
from telehealth.programs.tracks import get_track_for, in_force, track_terms_in_force, tracks_in


@dataclass(frozen=True, slots=True)
class TermsLevel:
    """A program or one of its tracks: what holds there now, and its versions, newest first."""

    program: Program
    track: Track | None
    title: str
    current: VersionRow | None
    sections: tuple[TermSection, ...]
    history: tuple[VersionRow, ...]
    decided: int
    may_edit: bool

    @property
    def planned(self) -> tuple[VersionRow, ...]:
        """Give the versions still to come."""
        return tuple(row for row in self.history if row.is_planned)


@dataclass(frozen=True, slots=True)
class Difference:
    """One term that a change would change."""

    label: str
    before: str
    after: str


def terms_levels(user: User, at: datetime) -> list[TermsLevel]:
    """Give what is in force for each of the account's programs and their tracks; four queries a program."""
    found: list[TermsLevel] = []
    for program in programs_of(user, at):
        on, may_edit = program.date_at(at), can_administer(user, program, at).allowed
        rows = list(
            CreditTerms.objects.filter(program=program).select_related("created_by").order_by("-version")
        )
        own = [row for row in rows if row.track_id is None]
        found.append(_level(program, None, own, (), on, may_edit))
        below = parameters_of(in_force(own, on))
        for track in tracks_in(program, on):
            of_track = [row for row in rows if row.track_id == track.pk]
            found.append(_level(program, track, of_track, ((PROGRAM, below),), on, may_edit))
    return found


@dataclass(frozen=True, slots=True)
class TermsStart:
    """Where a form of terms begins: whose they are, the values to start from, what they lie over."""

    program: Program
    track: Track | None
    enrollment: Enrollment | None
    title: str
    parameters: Stored
    pack: Pack | None
    below: Stored
    names: tuple[str, ...]
    earliest: date

    @property
    def is_lowest(self) -> bool:
        """Say whether only the system's defaults lie below."""
        return self.track is None and self.enrollment is None


def terms_start(
    user: User, at: datetime, *, program_id: UUID | None, track_id: UUID | None, source: str
) -> TermsStart:
    """Begin new terms of a program or track from a pack, from a version, or from what is in force."""
    track = None if track_id is None else get_track_for(user, track_id, at)
    program = track.program if track is not None else _program(user, at, program_id)
    on = program.date_at(at)
    own = list(CreditTerms.objects.filter(program=program))
    level = [row for row in own if row.track_id == (track.pk if track else None)]
    pack = PACKS.get(source)
    version = next((row for row in own if str(row.pk) == source), None)
    parameters = pack.parameters if pack else parameters_of(version or in_force(level, on))
    below = {} if track is None else parameters_of(in_force((row for row in own if row.track_id is None), on))
    return TermsStart(
        program=program,
        track=track,
        enrollment=None,
        title=program.name if track is None else f"{program.name}: {track.name}",
        parameters=parameters,
        pack=pack,
        below=below,
        names=tuple(TERM_WORDS),
        earliest=on,
    )


def enrollment_terms_start(user: User, pk: UUID, at: datetime, *, source: str) -> TermsStart:
    """Begin terms of one episode; only names that may hold for a single patient."""
    enrollment = get_enrollment_for(user, pk, at)
    program = enrollment.program
    on = program.date_at(at)
    names = tuple(name for name in TERM_WORDS if Place.ENROLLMENT in PARAMETERS[name].places)
    pack = PACKS.get(source)
    known = in_force(EnrollmentTerms.objects.filter(enrollment=enrollment), date.max)
    chosen = pack.parameters if pack else parameters_of(known)
    return TermsStart(
        program=program,
        track=None,
        enrollment=enrollment,
        title=enrollment.patient.user.full_name,
        parameters={name: value for name, value in chosen.items() if name in names},
        pack=pack,
        below=_below_enrollment(enrollment, on),
        names=names,
        earliest=program.first_day_of_week(on) + timedelta(weeks=1),
    )


def enrollment_history(enrollment: Enrollment, on: date) -> tuple[VersionRow, ...]:
    """Give the versions of an episode's own terms, newest first."""
    rows = list(
        EnrollmentTerms.objects.filter(enrollment=enrollment)
        .select_related("created_by")
        .order_by("-version")
    )
    return version_rows(rows, on)


def enrollment_sections(enrollment: Enrollment, on: date) -> tuple[TermSection, ...]:
    """Give the terms that hold for one patient on a date, with the level that says so."""
    program = in_force(CreditTerms.objects.filter(program=enrollment.program, track=None), on)
    track = track_on(enrollment, on)
    own = in_force(EnrollmentTerms.objects.filter(enrollment=enrollment), on)
    levels = [(PROGRAM, parameters_of(program))]
    if track is not None:
        levels.append((TRACK, parameters_of(track_terms_in_force(track, on))))
    levels.append((PATIENT, parameters_of(own)))
    return sections_of(levels)


def differences(start: TermsStart, parameters: Stored, effective_on: date) -> list[Difference]:
    """List what would be different from the terms that would otherwise hold on a date."""
    before = {**start.below, **_level_parameters(start, effective_on)}
    after = {**start.below, **parameters}
    rows = [(TERM_WORDS[name], _said(name, before), _said(name, after)) for name in start.names]
    return [Difference(words.label, old, new) for words, old, new in rows if old != new]


def sessions_to_apply(start: TermsStart, effective_on: date) -> int:
    """Count the sessions that terms from a date could also be given to."""
    return 0 if start.enrollment else len(planned_from(start.program, start.track, effective_on))


def packs() -> tuple[Pack, ...]:
    """List the named packs."""
    return tuple(PACKS.values())


def _level(
    program: Program,
    track: Track | None,
    rows: Sequence[CreditTerms],
    below: tuple[tuple[str, Stored], ...],
    on: date,
    may_edit: bool,
) -> TermsLevel:
    history = version_rows(rows, on)
    current = in_force(rows, on)
    own = parameters_of(current)
    return TermsLevel(
        program=program,
        track=track,
        title=program.name if track is None else track.name,
        current=next((row for row in history if row.is_in_force), None),
        sections=sections_of((*below, (PROGRAM if track is None else TRACK, own))),
        history=history,
        decided=len(own),
        may_edit=may_edit,
    )


def _below_enrollment(enrollment: Enrollment, on: date) -> Stored:
    track = track_on(enrollment, on)
    program = in_force(CreditTerms.objects.filter(program=enrollment.program, track=None), on)
    above = {} if track is None else parameters_of(track_terms_in_force(track, on))
    return {**parameters_of(program), **above}


def _level_parameters(start: TermsStart, on: date) -> Stored:
    if start.enrollment is not None:
        own = in_force(EnrollmentTerms.objects.filter(enrollment=start.enrollment), on)
        return parameters_of(own)
    return parameters_of(in_force(CreditTerms.objects.filter(program=start.program, track=start.track), on))


def _said(name: str, values: Stored) -> str:
    return value_words(name, values[name]) if name in values else default_words(name)


def _program(user: User, at: datetime, pk: UUID | None) -> Program:
    programs = programs_of(user, at)
    found = next((one for one in programs if pk is None or one.pk == pk), None)
    if found is None:
        raise NotFound("program_not_found", "There is no such program among yours.")
    return found


def known_versions(program: Program) -> Iterable[CreditTerms]:
    """List every version of a program and its tracks, newest first; for choosing one to start from."""
    return CreditTerms.objects.filter(program=program).select_related("track").order_by("-version")


def term_names() -> tuple[str, ...]:
    """List the names of all terms a program may decide, in the order of the pages."""
    return tuple(TERM_WORDS)


def last_month(user: User, at: datetime) -> str:
    """Give the month before this one as its picker spells it."""
    programs = programs_of(user, at)
    today = programs[0].date_at(at) if programs else at.date()
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"

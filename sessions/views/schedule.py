"""The administrator's schedule: the list, one session, its roster, moving and cancelling."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions.services.reading import view_detail
from sessions.services.scheduling.roster import add_to_roster, take_off_roster
from sessions.services.scheduling.schedule import cancel_session, create_session, move_session
from telehealth.core import clock
from telehealth.core.errors import Conflict
from telehealth.enrollment.selectors import get_patient_for
from telehealth.programs.pages import reader, refusals_into
from telehealth.programs.selectors import programs_of
from telehealth.programs.tracks import tracks_in

from .. import selectors
from ..forms import CancelForm, MoveForm, PatientForm, SessionFilterForm, SessionForm, schedule_choices


@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """List the sessions of the reader's programs, today's and the coming ones first."""
    user, at = reader(request), clock.now()
    programs = programs_of(user, at)
    tracks = [track for program in programs for track in tracks_in(program)]
    form = SessionFilterForm(request.GET or None, programs=programs, tracks=tracks)
    shown = selectors.session_list(user, form.filters(user=user, at=at), at)
    context = {"form": form, "programs": programs, "list": shown, "query": form.query()}
    return render(request, "sessions/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def session_new(request: HttpRequest) -> HttpResponse:
    """Plan one session."""
    user, at = reader(request), clock.now()
    choices = schedule_choices(user, at)
    form = SessionForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            made = create_session(actor=user, at=at, **form.arguments())
            messages.success(request, "The session is planned.")
            return redirect("sessions:detail", made.pk)
    return render(request, "sessions/session_new.html", {"form": form, "choices": choices})


@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one session with its roster."""
    page = view_detail(actor=reader(request), group_session_id=pk, at=clock.now())
    context = {"page": page, "form": PatientForm(candidates=page.candidates)}
    return render(request, "sessions/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move one session to another time."""
    user, at = reader(request), clock.now()
    page = selectors.session_detail(user, pk, at)
    form = MoveForm(request.POST or None, group_session=page.group_session)
    if request.method == "POST" and form.is_valid():
        start, end = form.span()
        with refusals_into(form):
            move_session(actor=user, group_session_id=pk, start=start, end=end, at=at)
            messages.success(request, "The session is moved.")
            return redirect("sessions:detail", pk)
    return render(request, "sessions/move.html", {"form": form, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel one session in the program's name, after a page that says what follows."""
    user, at = reader(request), clock.now()
    page = selectors.session_detail(user, pk, at)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            cancel_session(actor=user, group_session_id=pk, reason=form.cleaned_data["reason"], at=at)
            messages.success(request, "The session is cancelled. It counts against nobody.")
            return redirect("sessions:detail", pk)
    return render(request, "sessions/cancel.html", {"form": form, "page": page})


@require_POST
def roster_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a patient on the roster."""
    user, at = reader(request), clock.now()
    page = selectors.session_detail(user, pk, at)
    form = PatientForm(request.POST, candidates=page.candidates)
    if form.is_valid():
        with refusals_into(form):
            patient = form.cleaned_data["patient"]
            add_to_roster(actor=user, group_session=page.group_session, patient=patient, at=at)
            messages.success(request, "The patient is on the roster.")
            return redirect("sessions:detail", pk)
    return render(request, "sessions/detail.html", {"page": page, "form": form}, status=409)


@require_POST
def roster_off(request: HttpRequest, pk: UUID, patient: UUID) -> HttpResponse:
    """Take a patient off the roster; what was witnessed stays."""
    user, at = reader(request), clock.now()
    page = selectors.session_detail(user, pk, at)
    try:
        take_off_roster(
            actor=user,
            group_session=page.group_session,
            patient=get_patient_for(user, patient, at),
            at=at,
        )
    except Conflict as error:
        messages.error(request, error.text)
    else:
        messages.success(request, "The patient is off the roster. Add them again if that was a mistake.")
    return redirect("sessions:detail", pk)

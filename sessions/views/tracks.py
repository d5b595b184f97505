"""The administrator's tracks."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from sessions.selectors.conditions.tracks import tracks_of
from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into
from telehealth.programs.selectors import programs_of
from telehealth.programs.services import create_track, end_track
from telehealth.programs.tracks import get_track_for

from ..forms.tracks import TrackEndForm, TrackForm


@require_safe
def tracks(request: HttpRequest) -> HttpResponse:
    """List the tracks of the reader's programs."""
    user, at = reader(request), clock.now()
    context = {"tracks": tracks_of(user, at), "programs": programs_of(user, at)}
    return render(request, "sessions/tracks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def track_new(request: HttpRequest) -> HttpResponse:
    """Add a track."""
    user, at = reader(request), clock.now()
    programs = programs_of(user, at)
    form = TrackForm(request.POST or None, programs=programs)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            create_track(actor=user, at=at, **form.cleaned_data)
            messages.success(request, "The track is there. Assign patients to it on their pages.")
            return redirect("sessions:tracks")
    return render(request, "sessions/track_new.html", {"form": form, "programs": programs})


@require_http_methods(["GET", "HEAD", "POST"])
def track_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set the last day of a track, after a page that says what follows."""
    user, at = reader(request), clock.now()
    track = get_track_for(user, pk, at)
    form = TrackEndForm(request.POST or None, today=track.program.date_at(at))
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            end_track(actor=user, track=track, ended_on=form.cleaned_data["ended_on"], at=at)
            messages.success(request, "The track ends that day. What is planned in it stays as it is.")
            return redirect("sessions:tracks")
    return render(request, "sessions/track_end.html", {"form": form, "track": track})

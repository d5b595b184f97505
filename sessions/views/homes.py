"""The homes of patients and clinicians."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HTMX_STOP_POLLING

from sessions.selectors.homes.desk import desk_of
from sessions.services.reading import view_live_roster, view_today
from telehealth.core import clock
from telehealth.programs.pages import reader

from .. import selectors


@require_safe
def patient_home(request: HttpRequest) -> HttpResponse:
    """Show what comes next, where the week stands and why every past session counted what it counted."""
    user, at = reader(request), clock.now()
    home = selectors.patient_home(user, at)
    phone = home.next.phone if home.next else home.past[0].card.phone if home.past else ""
    return render(request, "sessions/patient_home.html", {"home": home, "program_phone": phone})


@require_safe
def patient_live(request: HttpRequest) -> HttpResponse:
    """Show anew what goes on for the patient; the page asks every few seconds while something does."""
    user, at = reader(request), clock.now()
    live = selectors.patient_live(user, at)
    return render(
        request, "sessions/_live.html", {"live": live}, status=_poll_status(request, live.is_settled)
    )


@require_safe
def therapist_home(request: HttpRequest) -> HttpResponse:
    """Show today's groups, who is there and whom to call."""
    user, at = reader(request), clock.now()
    context = {"home": view_today(actor=user, at=at), "desk": desk_of(user, at)}
    return render(request, "sessions/therapist_home.html", context)


@require_safe
def live_roster(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one group's roster anew; the page asks for it every few seconds until its minutes are final."""
    user, at = reader(request), clock.now()
    one = view_live_roster(actor=user, group_session_id=pk, at=at)
    context = {"one": one, "zone": user.time_zone}
    status = _poll_status(request, one.is_settled)
    return render(request, "sessions/_today_session.html", context, status=status)


def _poll_status(request: HttpRequest, is_settled: bool) -> int:
    return HTMX_STOP_POLLING if is_settled and request.headers.get("HX-Request") else 200

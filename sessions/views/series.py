"""The administrator's weekly series."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions.services.scheduling.roster import add_to_series, take_off_series
from sessions.services.scheduling.series import create_series
from telehealth.core import clock
from telehealth.core.errors import Conflict
from telehealth.enrollment.selectors import get_patient_for
from telehealth.programs.pages import reader, refusals_into

from .. import selectors
from ..forms import PatientForm, SeriesForm, schedule_choices


@require_http_methods(["GET", "HEAD", "POST"])
def series_new(request: HttpRequest) -> HttpResponse:
    """Make a weekly series and all its sessions."""
    user, at = reader(request), clock.now()
    choices = schedule_choices(user, at)
    form = SeriesForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            made = create_series(actor=user, at=at, **form.arguments())
            messages.success(request, "The series and its sessions are planned.")
            return redirect("sessions:series", made.pk)
    return render(request, "sessions/series_new.html", {"form": form, "choices": choices})


@require_safe
def series_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one series: its rule, its members, what is still to come."""
    user, at = reader(request), clock.now()
    page = selectors.series_detail(user, pk, at)
    context = {"page": page, "form": PatientForm(candidates=page.candidates)}
    return render(request, "sessions/series.html", context)


@require_POST
def member_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a patient on all sessions of a series still to come."""
    user, at = reader(request), clock.now()
    page = selectors.series_detail(user, pk, at)
    form = PatientForm(request.POST, candidates=page.candidates)
    if form.is_valid():
        with refusals_into(form):
            patient = form.cleaned_data["patient"]
            count = add_to_series(actor=user, series=page.series, patient=patient, at=at)
            messages.success(request, f"The patient is on {count} coming sessions.")
            return redirect("sessions:series", pk)
    return render(request, "sessions/series.html", {"page": page, "form": form}, status=409)


@require_POST
def member_off(request: HttpRequest, pk: UUID, patient: UUID) -> HttpResponse:
    """Take a patient off all sessions of a series still to come."""
    user, at = reader(request), clock.now()
    page = selectors.series_detail(user, pk, at)
    try:
        count = take_off_series(
            actor=user, series=page.series, patient=get_patient_for(user, patient, at), at=at
        )
    except Conflict as error:
        messages.error(request, error.text)
    else:
        messages.success(request, f"The patient is off {count} coming sessions.")
    return redirect("sessions:series", pk)

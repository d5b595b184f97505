"""Missed sessions, and how each of them counts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from sessions.services.desk import view_absence, view_absences
from sessions.services.weekly.absences import decide_absence
from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into
from telehealth.programs.selectors import programs_of

from ..forms.desk import AbsenceFilterForm, AbsenceForm


@require_safe
def absences(request: HttpRequest) -> HttpResponse:
    """List missed sessions, newest first."""
    user, at = reader(request), clock.now()
    programs = [(program.pk, program.name) for program in programs_of(user, at)]
    form = AbsenceFilterForm(request.GET, programs=programs)
    found = view_absences(actor=user, filters=form.filters(), at=at)
    context = {"list": found, "form": form, "programs": programs, "query": form.query()}
    return render(request, "sessions/absences.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def absence_decide(request: HttpRequest, pk: UUID, patient: UUID) -> HttpResponse:
    """Show one absence with its decisions, and add one."""
    user, at = reader(request), clock.now()
    page = view_absence(actor=user, group_session_id=pk, patient_id=patient, at=at)
    form = AbsenceForm(request.POST or None, zone=page.absence.program.zone)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            decide_absence(actor=user, group_session_id=pk, patient_id=patient, at=at, **form.arguments())
            messages.success(request, "The decision is noted. It changes no minutes.")
            return redirect("sessions:absences")
    return render(request, "sessions/absence_decide.html", {"page": page, "form": form})

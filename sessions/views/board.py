"""The week board, and the make-ups that are placed from it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from sessions.selectors import get_session_for
from sessions.services.desk import view_week_board
from sessions.services.scheduling.roster import take_off_roster
from sessions.services.weekly.make_ups import add_make_up
from telehealth.core import clock
from telehealth.core.errors import Conflict
from telehealth.enrollment.selectors import get_patient_for
from telehealth.programs.pages import local_path, reader

from ..forms.desk import BoardFilterForm, MakeUpForm


@require_safe
def week_board(request: HttpRequest) -> HttpResponse:
    """Show every patient against the week's target."""
    form = BoardFilterForm(request.GET)
    filters = form.filters()
    board = view_week_board(actor=reader(request), filters=filters, at=clock.now())
    context = {
        "board": board,
        "filters": filters,
        "query": form.query(),
        "query_without_week": form.query("week"),
        "query_without_flag": form.query("flag"),
        "here": request.get_full_path(),
    }
    return render(request, "sessions/week_board.html", context)


@require_POST
def make_up(request: HttpRequest) -> HttpResponse:
    """Put a patient on the roster of a session in place of a missed one."""
    user, at = reader(request), clock.now()
    data = _make_up(request)
    patient = get_patient_for(user, data["patient"], at)
    group_session = get_session_for(user, data["session"], at)
    try:
        add_make_up(
            actor=user,
            group_session_id=group_session.pk,
            patient=patient,
            missed_entry_id=data["absence"],
            at=at,
        )
    except Conflict as error:
        messages.error(request, error.text)
    else:
        messages.success(request, "The patient is on the roster. Undo it in their row if that was a mistake.")
    return redirect(_back(data))


@require_POST
def make_up_off(request: HttpRequest) -> HttpResponse:
    """Take a make-up back while the session has not begun."""
    user, at = reader(request), clock.now()
    data = _make_up(request)
    patient = get_patient_for(user, data["patient"], at)
    group_session = get_session_for(user, data["session"], at)
    try:
        take_off_roster(actor=user, group_session=group_session, patient=patient, at=at)
    except Conflict as error:
        messages.error(request, error.text)
    else:
        messages.success(request, "The make-up is taken back.")
    return redirect(_back(data))


def _make_up(request: HttpRequest) -> dict[str, Any]:  # Any: whatever the fields clean to
    form = MakeUpForm(request.POST)
    if not form.is_valid():
        raise Http404
    return form.cleaned_data


def _back(data: dict[str, Any]) -> str:
    return local_path(str(data["next"] or ""), reverse("sessions:week_board"))

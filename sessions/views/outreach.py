"""Who to contact now, and what came of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sessions.services.desk import view_outreach
from sessions.services.weekly.outreach import log_outreach
from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into

from ..forms.desk import OutreachForm


@require_safe
def outreach(request: HttpRequest) -> HttpResponse:
    """List patients who missed sessions in a row, the most urgent first."""
    return _page(request, OutreachForm(), None, status=200)


@require_POST
def outreach_log(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write down one attempt; a form that cannot be read comes back open, beside its patient."""
    form = OutreachForm(request.POST)
    if form.is_valid():
        with refusals_into(form):
            log_outreach(actor=reader(request), enrollment_id=pk, at=clock.now(), **form.cleaned_data)
            messages.success(request, "The attempt is noted.")
            return redirect("sessions:outreach")
    return _page(request, form, pk, status=409)


def _page(request: HttpRequest, form: OutreachForm, opened: UUID | None, *, status: int) -> HttpResponse:
    found = view_outreach(actor=reader(request), at=clock.now())
    context = {"list": found, "form": form, "empty_form": OutreachForm(), "opened": opened}
    return render(request, "sessions/outreach.html", context, status=status)

"""One patient's attendance over time, for staff. Every look is written down."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions.selectors.auditing.history import HistoryFilters
from sessions.services.reading import view_history
from telehealth.core import clock
from telehealth.programs.pages import reader

from ..forms.history import HistoryForm


@require_safe
def patient_history(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a patient's sessions and weeks, of a month or a span of days."""
    form = HistoryForm(request.GET)
    filters = HistoryFilters(*form.dates())
    page = view_history(actor=reader(request), patient_id=pk, filters=filters, at=clock.now())
    if form.is_valid() and not form.cleaned_data["month"]:
        form = HistoryForm({"from_on": page.dates.first, "to_on": page.dates.last})
    return render(request, "sessions/history.html", {"page": page, "form": form})

"""The reports' pages and their files. Every look and every download is written down."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from telehealth.core import clock
from telehealth.core.errors import NotFound
from telehealth.programs.pages import reader

from . import services
from .files import report_csv
from .forms import ReportForm
from .selectors import KINDS


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Say which reports there are and what each is for."""
    programs = services.programs_to_report_on(reader(request), clock.now())
    return render(request, "reports/index.html", {"kinds": KINDS.values(), "programs": programs})


@require_safe
def report(request: HttpRequest, key: str) -> HttpResponse:
    """Show one report."""
    user, at = reader(request), clock.now()
    programs = services.programs_to_report_on(user, at)
    if not programs:
        return render(request, "reports/index.html", {"kinds": KINDS.values(), "programs": programs})
    form = ReportForm(request.GET.dict(), programs=programs, at=at)
    page = services.view_report(actor=user, key=key, at=at, **form.query())
    context = {"page": page, "form": form, "csv": f"reports:{key}_csv", "query": request.GET.urlencode()}
    return render(request, "reports/report.html", context)


@require_safe
def report_file(request: HttpRequest, key: str) -> HttpResponse:
    """Give one report as a table for a spreadsheet."""
    user, at = reader(request), clock.now()
    programs = services.programs_to_report_on(user, at)
    if not programs:
        raise NotFound("program_not_found", "You do not belong to a program at the moment.")
    form = ReportForm(request.GET.dict(), programs=programs, at=at)
    page = services.export_report(actor=user, key=key, at=at, **form.query())
    dates = page.scope.dates
    name = f"{key}-{dates.first.isoformat()}-{dates.last.isoformat()}.csv"
    response = HttpResponse(report_csv(page), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response

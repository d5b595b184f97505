"""The audit of one session: the page, its CSV and the evidence file. Every look is written down."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions.services.reading import export_audit, export_evidence, view_audit, view_facts
from telehealth.core import clock
from telehealth.programs.pages import reader

from ..audit_csv import audit_table


@require_safe
def audit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what was observed, what was decided, and under which terms."""
    user = reader(request)
    page = view_audit(actor=user, group_session_id=pk, at=clock.now())
    return render(request, "sessions/audit.html", {"page": page})


@require_safe
def facts(request: HttpRequest, pk: UUID, participant: UUID) -> HttpResponse:
    """Show the single facts about one person; `beats` opens one folded run of them, alone for htmx."""
    page = view_facts(actor=reader(request), group_session_id=pk, participant=participant, at=clock.now())
    number = request.GET.get("beats", "")
    line = page.fold_beginning_at(int(number)) if number.isdecimal() else None
    if line is not None and request.headers.get("HX-Request"):
        return render(request, "sessions/_beats.html", {"line": line, "zone": page.card.program_zone})
    open_fold = None if line is None else line.first.number
    return render(request, "sessions/facts.html", {"page": page, "open_fold": open_fold})


@require_safe
def audit_csv(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give the audit as a table for a spreadsheet."""
    user, at = reader(request), clock.now()
    page = export_audit(actor=user, group_session_id=pk, at=at)
    text = audit_table(page, generated_by=str(user.pk), at=at)
    return _download(text, f"attendance-{pk}.csv", "text/csv; charset=utf-8")


@require_safe
def evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give the evidence file, from which anybody can recompute every minute."""
    document = export_evidence(actor=reader(request), group_session_id=pk, at=clock.now())
    return _download(json.dumps(document, indent=2), f"evidence-{pk}.json", "application/json")


def _download(text: str, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(text, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response

"""The administrator's what-if: other terms over a past month, with nothing changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions.selectors.conditions import terms as read
from sessions.services.conditions.what_if import compare_terms
from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into
from telehealth.programs.selectors import programs_of
from telehealth.programs.tracks import tracks_in

from ..forms.what_if import WhatIfForm


@require_safe
def what_if(request: HttpRequest) -> HttpResponse:
    """Ask for a month and other terms, and show what they would have made of it."""
    user, at = reader(request), clock.now()
    programs = programs_of(user, at)
    given: dict[str, Any] = {
        "programs": programs,
        "tracks": [track for program in programs for track in tracks_in(program)],
        "packs": read.packs(),
        "versions": [row for program in programs for row in read.known_versions(program)],
        "names": read.term_names(),
    }
    is_asked = "month" in request.GET
    first = {"month": read.last_month(user, at), "source": request.GET.get("source")}
    form = WhatIfForm(request.GET if is_asked else None, initial=first, **given)
    context: dict[str, Any] = {"form": form, "programs": programs}
    if form.is_bound and form.is_valid():
        patient = form.cleaned_data["patient"]
        with refusals_into(form):
            answer = compare_terms(
                actor=user,
                question=form.question(),
                at=at,
                source=form.cleaned_data["source"],
                patient_id=patient,
            )
            asked = {key: value for key, value in request.GET.items() if key != "patient" and value}
            context |= {
                "form": WhatIfForm(form.with_values(), **given),
                "answer": answer,
                "pack": form.pack(),
                "patient": next((row for row in answer.rows if row.patient_id == patient), None),
                "changed": answer.changed.get(patient, ()) if patient else (),
                "query": urlencode(asked),
                "without_target": urlencode({key: asked[key] for key in asked if key != "target"}),
            }
    return render(request, "sessions/what_if.html", context)

"""The administrator's pages of credit terms: what holds where, and new versions after a look at them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from sessions.selectors.conditions import terms as read
from sessions.services.conditions.terms import set_terms, set_terms_of_patient
from telehealth.core import clock
from telehealth.enrollment.selectors import get_enrollment_for
from telehealth.programs.pages import reader, refusals_into

from ..forms.terms import ApplyForm, TermsForm


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show what is in force for the reader's programs and each of their tracks, and every version."""
    levels = read.terms_levels(reader(request), clock.now())
    return render(request, "sessions/terms.html", {"levels": levels, "packs": read.packs()})


@require_http_methods(["GET", "HEAD", "POST"])
def terms_new(request: HttpRequest) -> HttpResponse:
    """Set new terms of a program or a track: fill in, look at the differences, save."""
    user, at = reader(request), clock.now()
    start = read.terms_start(
        user,
        at,
        program_id=_id(request, "program"),
        track_id=_id(request, "track"),
        source=request.GET.get("from", ""),
    )
    back = reverse("sessions:terms")
    form = TermsForm(request.POST or None, start=start)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, start, back)
    planned = read.sessions_to_apply(start, form.cleaned_data["effective_on"])
    apply = ApplyForm(request.POST, planned=planned)
    if request.POST.get("step") == "save" and apply.is_valid():
        with refusals_into(form):
            done = set_terms(
                actor=user,
                program=start.program,
                track=start.track,
                name=form.cleaned_data["name"],
                effective_on=form.cleaned_data["effective_on"],
                parameters=form.parameters(),
                pack=form.cleaned_data["pack"],
                also_planned=apply.cleaned_data["also_planned"],
                at=at,
            )
            also = f" {done.applied} planned sessions follow them." if done.applied else ""
            messages.success(request, f"Version {done.terms.version} is set.{also}")
            return redirect(back)
    if request.POST.get("step") == "review" and not form.errors:
        return _review(request, form, start, back, ApplyForm(planned=planned), planned)
    return _form(request, form, start, back)


@require_http_methods(["GET", "HEAD", "POST"])
def enrollment_terms_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set terms of one patient's episode, in the same steps."""
    user, at = reader(request), clock.now()
    enrollment = get_enrollment_for(user, pk, at)
    start = read.enrollment_terms_start(user, pk, at, source=request.GET.get("from", ""))
    back = reverse("enrollment:patient", args=[enrollment.patient_id])
    form = TermsForm(request.POST or None, start=start)
    on = enrollment.program.date_at(at)
    extra = {
        "sections": read.enrollment_sections(enrollment, on),
        "history": read.enrollment_history(enrollment, on),
    }
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, start, back, **extra)
    if request.POST.get("step") == "save":
        with refusals_into(form):
            made = set_terms_of_patient(
                actor=user,
                enrollment=enrollment,
                name=form.cleaned_data["name"],
                effective_on=form.cleaned_data["effective_on"],
                parameters=form.parameters(),
                pack=form.cleaned_data["pack"],
                at=at,
            )
            messages.success(request, f"Version {made.version} of this patient's own terms is set.")
            return redirect(back)
    if request.POST.get("step") == "review" and not form.errors:
        return _review(request, form, start, back, None, 0)
    return _form(request, form, start, back, **extra)


def _form(
    request: HttpRequest, form: TermsForm, start: read.TermsStart, back: str, **extra: object
) -> HttpResponse:
    context = {
        "form": form,
        "start": start,
        "back": back,
        "packs": read.packs(),
        "versions": [] if start.enrollment else read.known_versions(start.program),
        **extra,
    }
    return render(request, "sessions/terms_new.html", context)


def _review(
    request: HttpRequest,
    form: TermsForm,
    start: read.TermsStart,
    back: str,
    apply: ApplyForm | None,
    planned: int,
) -> HttpResponse:
    effective_on = form.cleaned_data["effective_on"]
    context = {
        "form": form,
        "start": start,
        "back": back,
        "apply": apply if planned else None,
        "effective_on": effective_on,
        "differences": read.differences(start, form.parameters(), effective_on),
    }
    return render(request, "sessions/terms_review.html", context)


def _id(request: HttpRequest, name: str) -> UUID | None:
    value = request.GET.get(name)
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise Http404 from error

"""The desk of those who approve: corrections and patients' objections."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from sessions.services.signing.corrections import approve_correction, refuse_correction
from sessions.services.signing.disputes import answer_dispute
from sessions.services.signing.reviewing import view_correction, view_corrections, view_dispute, view_disputes
from telehealth.accounts.proofs import ask_for_proof, proof_for, spend_proof
from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into

from ..forms.settling import AnswerForm, DecisionForm


@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    """List what waits for a decision, or what was decided."""
    user, pending = reader(request), request.GET.get("show") != "decided"
    queue = view_corrections(actor=user, pending=pending, at=clock.now())
    return render(request, "sessions/corrections.html", {"queue": queue, "zone": user.time_zone})


@require_http_methods(["GET", "HEAD", "POST"])
def correction_decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one correction, and approve or refuse it."""
    user, at, act = reader(request), clock.now(), f"approve_outage:{pk}"
    page = view_correction(actor=user, correction_id=pk, at=at)
    proof = proof_for(request, act, at=at) if page.queued.is_signed else None
    if request.POST.get("step") == "confirm":
        return ask_for_proof(request, act, back=reverse("sessions:correction_decide", args=[pk]), at=at)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data["note"]
        with refusals_into(form):
            if request.POST.get("step") == "approve":
                approve_correction(actor=user, correction_id=pk, note=note, proof=proof, at=at)
                spend_proof(request)
                messages.success(request, "The correction is approved: its minutes count from now on.")
            else:
                refuse_correction(actor=user, correction_id=pk, note=note, at=at)
                messages.success(request, "The correction is refused. The minutes stay as they are.")
            return redirect("sessions:corrections")
    context = {"page": page, "form": form, "proof": proof, "zone": user.time_zone}
    return render(request, "sessions/correction_decide.html", context)


@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """List patients' objections that the reader may answer."""
    user, is_open = reader(request), request.GET.get("show") != "answered"
    found = view_disputes(actor=user, is_open=is_open, at=clock.now())
    context = {"disputes": found, "is_open": is_open, "zone": user.time_zone}
    return render(request, "sessions/disputes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def dispute_answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one objection, and answer it."""
    user, at = reader(request), clock.now()
    page = view_dispute(actor=user, dispute_id=pk, at=at)
    form = AnswerForm(request.POST or None, corrections=page.corrections)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            answer_dispute(actor=user, dispute_id=pk, at=at, **form.arguments())
            messages.success(request, "The objection is answered. The patient sees your answer.")
            return redirect("sessions:disputes")
    context = {"page": page, "form": form, "zone": user.time_zone}
    return render(request, "sessions/dispute_answer.html", context)

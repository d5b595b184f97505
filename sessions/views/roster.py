"""The roster of a session after its end: review it, sign it, correct it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions.services.signing.corrections import request_correction, withdraw_correction
from sessions.services.signing.reviewing import correction_effect, view_correction_draft, view_roster
from sessions.services.signing.signoff import sign_off as sign
from telehealth.accounts.proofs import ask_for_proof, proof_for, spend_proof
from telehealth.core import clock
from telehealth.core.errors import Conflict
from telehealth.programs.pages import reader, refusals_into

from ..forms.settling import CorrectionForm, SignOffForm


@require_safe
def roster(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what every patient is credited with, why, and who vouches for it."""
    user = reader(request)
    page = view_roster(actor=user, group_session_id=pk, at=clock.now())
    return render(request, "sessions/roster.html", {"page": page, "zone": user.time_zone})


@require_http_methods(["GET", "HEAD", "POST"])
def sign_off(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign a roster: look at it, show who you are, then put your name under it."""
    user, at, act = reader(request), clock.now(), f"sign_off:{pk}"
    page = view_roster(actor=user, group_session_id=pk, at=at)
    page.may_sign.require()
    proof = proof_for(request, act, at=at)
    if request.method == "POST" and proof is None:
        return ask_for_proof(request, act, back=reverse("sessions:sign_off", args=[pk]), at=at)
    form = SignOffForm(
        request.POST or None, statement=page.statement, initial={"credential": user.credential}
    )
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            sign(
                actor=user,
                group_session_id=pk,
                shown_hash=request.POST.get("shown_hash", ""),
                credential=form.cleaned_data["credential"],
                proof=proof,
                at=at,
            )
            spend_proof(request)
            messages.success(request, "The roster is signed.")
            return redirect("sessions:roster", pk)
    context = {"page": page, "form": form, "proof": proof, "zone": user.time_zone}
    return render(request, "sessions/sign_off.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: UUID, patient: UUID) -> HttpResponse:
    """Ask for other minutes; while somebody types, say what the number would do."""
    user, at = reader(request), clock.now()
    if request.method != "POST" and "HX-Request" in request.headers:
        effect = correction_effect(user, pk, patient, request.GET.get("new_min", ""), at)
        return render(request, "components/_notice.html", {"kind": effect.kind, "text": effect.words})
    draft = view_correction_draft(actor=user, group_session_id=pk, patient_id=patient, at=at)
    draft.page.may_correct.require()
    is_outage, act = "outage" in request.GET, f"correct_outage:{pk}:{patient}"
    proof = proof_for(request, act, at=at) if is_outage else None
    if is_outage and request.POST.get("step") == "confirm":
        return ask_for_proof(request, act, back=request.get_full_path(), at=at)
    form = CorrectionForm(
        request.POST or None,
        most_min=draft.most_min,
        is_outage=is_outage,
        initial={"new_min": draft.line.decided_min},
    )
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            made = request_correction(
                actor=user, group_session_id=pk, patient_id=patient, proof=proof, at=at, **form.arguments()
            )
            spend_proof(request)
            text = (
                "The correction waits for somebody else's approval."
                if made.needs_second_person
                else "The minutes are corrected."
            )
            messages.success(request, text)
            return redirect("sessions:roster", pk)
    context = {"draft": draft, "page": draft.page, "form": form, "proof": proof, "is_outage": is_outage}
    return render(request, "sessions/correct.html", {**context, "zone": user.time_zone})


@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take one's own request back."""
    user = reader(request)
    try:
        decision = withdraw_correction(actor=user, correction_id=pk, at=clock.now())
    except Conflict as error:
        messages.error(request, error.text)
        return redirect("home")
    messages.success(request, "The correction is withdrawn. The minutes stay as they are.")
    return redirect("sessions:roster", decision.correction.group_session_id)

"""One past session in its patient's eyes, and the patient's objection."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sessions.selectors.signing import my_session as my_sessions
from sessions.services.signing.disputes import raise_dispute
from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into

from ..forms.settling import DisputeForm


@require_safe
def my_session(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the patient what counted, why, and who changed it."""
    page = my_sessions.my_session(reader(request), pk, clock.now())
    return _page(request, page, DisputeForm())


@require_POST
def dispute(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Object to one's own minutes."""
    user, at = reader(request), clock.now()
    page = my_sessions.my_session(user, pk, at)
    form = DisputeForm(request.POST)
    if form.is_valid():
        with refusals_into(form):
            raise_dispute(actor=user, group_session_id=pk, text=form.cleaned_data["text"], at=at)
            messages.success(request, "Your program has it. The answer will stand on this page.")
            return redirect("sessions:my_session", pk)
    return _page(request, page, form, status=409)


def _page(
    request: HttpRequest, page: my_sessions.MySession, form: DisputeForm, status: int = 200
) -> HttpResponse:
    context = {"page": page, "form": form, "program_phone": page.card.phone}
    return render(request, "sessions/my_session.html", context, status=status)

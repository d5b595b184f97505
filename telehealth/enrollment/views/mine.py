"""A patient's own agreements: read, sign, keep a copy, take back."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from telehealth.core import clock
from telehealth.programs.pages import local_path, reader, refusals_into

from .. import selectors, services
from ..forms import SignForm


@require_safe
def my_agreements(request: HttpRequest) -> HttpResponse:
    """List the reader's agreements."""
    rows = selectors.my_agreements(reader(request), clock.now())
    waiting = [row for row in rows if row.document is not None and row.state.can_be_signed]
    return render(request, "enrollment/my_agreements.html", {"rows": rows, "waiting": waiting})


@require_safe
def sign_next(request: HttpRequest) -> HttpResponse:
    """Lead to the first agreement that waits, and back to where the reader came from when none is left."""
    way_back = local_path(request.GET.get("next"))
    document = selectors.next_document_to_sign(reader(request), clock.now())
    if document is None:
        return redirect(way_back or "enrollment:my_agreements")
    return redirect(_with_next(reverse("enrollment:sign", args=[document.pk]), way_back))


@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the exact text and take the signature under it."""
    user, at = reader(request), clock.now()
    way_back = local_path(request.POST.get("next") or request.GET.get("next"))
    page = selectors.sign_page(user, pk, at)
    if not page.is_newest:
        messages.info(request, "There is a newer version of this agreement. Please read this one.")
        return redirect(_with_next(reverse("enrollment:sign", args=[page.newest_id]), way_back))
    if page.signature_id is not None and request.method != "POST":
        return redirect(way_back or reverse("enrollment:signed", args=[page.signature_id]))
    form = SignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.sign_document(
                actor=user,
                patient=page.patient,
                document=page.document,
                shown_sha256=request.POST.get("shown_sha256", ""),
                printed_name=form.cleaned_data["printed_name"],
                at=at,
                ip=get_adapter(request).get_client_ip(request),
                user_agent=request.headers.get("User-Agent", ""),
            )
            messages.success(
                request, f"Signed: {page.document.title}. You can download a copy under My agreements."
            )
            if way_back:
                return redirect(_with_next(reverse("enrollment:sign_next"), way_back))
            return redirect("enrollment:my_agreements")
    context = {"page": page, "form": form, "next": way_back}
    return render(request, "enrollment/sign.html", context)


@require_safe
def signed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a signed agreement with its signature."""
    page = selectors.get_signature_for(reader(request), pk, clock.now())
    return render(request, "enrollment/signed.html", {"page": page})


@require_safe
def signed_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a copy to keep: the text as it was signed, and the signature below it."""
    page = selectors.get_signature_for(reader(request), pk, clock.now())
    response = HttpResponse(page.copy, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{page.file_name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take an agreement back, after a page that says what follows from it."""
    user, at = reader(request), clock.now()
    page = selectors.get_signature_for(user, pk, at)
    if request.method == "POST":
        services.revoke_signature(actor=user, signature=page.signature, at=at)
        messages.success(
            request, "You have taken the agreement back. Call your program to talk about what comes next."
        )
        return redirect("enrollment:my_agreements")
    if not page.is_in_force:
        return redirect("enrollment:signed", pk)
    return render(request, "enrollment/revoke.html", {"page": page})


def _with_next(path: str, way_back: str) -> str:
    return f"{path}?{urlencode({'next': way_back})}" if way_back else path

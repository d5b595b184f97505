"""The agreements of a program, as its administrators keep them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into
from telehealth.programs.selectors import get_program_for, programs_of

from .. import selectors, services
from ..forms import DocumentForm


@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    """List the version of every agreement that patients are shown now."""
    shelves = selectors.document_shelves(reader(request), clock.now())
    return render(request, "enrollment/documents.html", {"shelves": shelves})


@require_safe
def document(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one published version as patients see it."""
    found = selectors.get_published_document_for(reader(request), pk, clock.now())
    return render(
        request, "enrollment/document.html", {"document": found, "blocks": selectors.blocks_of(found)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def document_new(request: HttpRequest) -> HttpResponse:
    """Publish a new version."""
    user, at = reader(request), clock.now()
    form = DocumentForm(request.POST or None, programs=programs_of(user, at))
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.publish_document(actor=user, at=at, **form.cleaned_data)
            messages.success(request, "Published. Patients see this version from now on.")
            return redirect("enrollment:documents")
    return render(request, "enrollment/document_new.html", {"form": form})


@require_POST
def publish_defaults(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Publish the standard texts a program has nothing of its own for."""
    user, at = reader(request), clock.now()
    services.publish_default_agreements(actor=user, program=get_program_for(user, pk, at), at=at)
    messages.success(request, "The standard agreements are published. Patients are asked to sign them.")
    return redirect("enrollment:documents")

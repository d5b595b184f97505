"""Health page, probes and the pages of errors that no view raises itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import clock
from . import health as checks
from .respond import error_response


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Show every part the product stands on, in words."""
    reports = checks.reports()
    context = {
        "reports": reports,
        "all_well": all(report.health.ok for report in reports),
        "checked_at": clock.now(),
    }
    return render(request, "core/health.html", context)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return JsonResponse({"ok": True})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the parts work, without naming them."""
    ready = all(report.health.ok for report in checks.reports())
    return JsonResponse({"ok": ready}, status=200 if ready else 503)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that makes no sense."""
    return error_response(
        request, status=400, error="bad_request", text="The page could not read what your browser sent."
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that is not allowed."""
    return error_response(
        request,
        status=403,
        error="denied",
        text="Your account is not allowed to do this or to see this page.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for something that is not there, or not there for this account."""
    return error_response(
        request, status=404, error="not_found", text="There is no such page, or your account cannot see it."
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer somebody who tried too often."""
    return error_response(
        request, status=429, error="rate_limited", text="There were too many tries from here in a short time."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a failure of ours, without touching the database or the session."""
    # Without a request no context processor runs.
    return render(None, "errors/500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was sent from an old page or from elsewhere."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    return render(request, "errors/csrf.html", status=403)

"""Answers to refused requests: a page with words and a way out, or JSON where JSON was asked for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

_PAGES = {400, 401, 403, 404, 405, 409, 429}


def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a program that asked for JSON."""
    accept = request.headers.get("Accept", "")
    return "json" in accept and "text/html" not in accept


def error_response(
    request: HttpRequest, *, status: int, error: str, text: str, way_out: str | None = None
) -> HttpResponse:
    """Answer with a stable error id for programs and words for people."""
    if wants_json(request):
        return JsonResponse({"error": error, "text": text, "way_out": way_out}, status=status)
    page = status if status in _PAGES else 409
    return render(
        request,
        f"errors/{page}.html",
        {"error": error, "text": text, "way_out": way_out},
        status=status,
    )

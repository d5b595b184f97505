"""The way in after sign-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from . import selectors
from .models import User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send a person to the page their role starts on."""
    user = request.user
    if not isinstance(user, User):
        return redirect("account_login")
    return redirect(selectors.home_of(user))

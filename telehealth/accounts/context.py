"""What every template may ask about the page's reader."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from .models import User
from .roles import Role


def page(request: HttpRequest) -> dict[str, object]:
    """Give the role of the reader ('' for nobody), the demo flag and the nonce for inline scripts."""
    user = getattr(request, "user", None)
    role = Role(user.role) if isinstance(user, User) else None
    return {
        "role": role.value if role else "",
        "role_label": role.label if role else "",
        "demo_mode": settings.DEMO_MODE,
        "csp_nonce": getattr(request, "csp_nonce", ""),
    }

"""What the frame of every page needs: the menu of a role."""

from __future__ import annotations

from typing import TypedDict

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

register = template.Library()

# (words, icon, URL name). Whether a person may open a page is decided on the server, never by this list.
MENUS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "patient": (
        ("My sessions", "calendar", "sessions:patient_home"),
        ("My agreements", "sign", "enrollment:my_agreements"),
    ),
    "therapist": (
        ("Today", "calendar", "sessions:therapist_home"),
        ("Week", "clock", "sessions:week_board"),
        ("Outreach", "person", "sessions:outreach"),
    ),
    "case_manager": (
        ("Today", "calendar", "sessions:therapist_home"),
        ("Week", "clock", "sessions:week_board"),
        ("Outreach", "person", "sessions:outreach"),
    ),
    "program_admin": (
        ("Week", "clock", "sessions:week_board"),
        ("Sessions", "calendar", "sessions:list"),
        ("Patients", "people", "enrollment:patients"),
        ("Corrections", "sign", "sessions:corrections"),
        ("Reports", "document", "reports:index"),
        ("Terms", "settings", "sessions:terms"),
        ("Staff", "person", "programs:people"),
        ("Health", "health", "core:health"),
    ),
    "auditor": (
        ("Week", "clock", "sessions:week_board"),
        ("Sessions", "calendar", "sessions:list"),
        ("Reports", "document", "reports:index"),
        ("Terms", "settings", "sessions:terms"),
    ),
    "system_admin": (("Staff", "person", "programs:people"), ("System health", "health", "core:health")),
}


class MenuItem(TypedDict):
    """One link of the menu."""

    text: str
    icon: str
    url: str
    current: bool


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[MenuItem]:
    """List the links for the signed-in person's role; a page that is not installed is left out."""
    request: HttpRequest | None = context.get("request")
    role = getattr(getattr(request, "user", None), "role", "") if request else ""
    items: list[MenuItem] = []
    for text, picture, name in MENUS.get(role, ()):
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        items.append({"text": text, "icon": picture, "url": url, "current": False})
    here = [item for item in items if request and request.path.startswith(item["url"])]
    if here:
        # One place is current: the deepest, since a role's home may stand above its other pages.
        max(here, key=lambda item: len(item["url"]))["current"] = True
    return items

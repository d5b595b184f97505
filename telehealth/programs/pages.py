"""What every server-rendered page of programs and enrollment needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from telehealth.accounts.models import User
from telehealth.core.errors import Denied, DomainError, NotFound

BESIDE_A_FIELD = {"password_refused": "password", "email_unavailable": "email", "bad_email": "email"}
"""Errors that belong to one field wherever they occur."""


def reader(request: HttpRequest) -> User:
    """Give the signed-in account; the access table has let nobody else through."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def local_path(value: str | None, default: str = "") -> str:
    """Give a path of this site, or the default: a link must not lead a person to somebody else's page."""
    path = value or ""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours else default


@contextmanager
def refusals_into(form: BaseForm) -> Iterator[None]:
    """Show a refusal beside the form, with what was typed; `Denied` and `NotFound` stay pages."""
    try:
        yield
    except (Denied, NotFound):
        raise
    except DomainError as error:
        field = BESIDE_A_FIELD.get(error.error)
        form.add_error(field if field in form.fields else None, error.text)

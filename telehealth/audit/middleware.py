"""Turn domain errors into answers, and write denials down after the rollback."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from telehealth.core import clock
from telehealth.core.errors import Denied, DomainError
from telehealth.core.respond import error_response

from .services import record_denial


class DomainErrorMiddleware:
    """Answer `DomainError` with a page, or JSON where JSON was asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer ours, leave the rest to Django."""
        if not isinstance(exception, DomainError):
            return None
        if isinstance(exception, Denied):
            match = request.resolver_match
            record_denial(
                actor=request.user if request.user.is_authenticated else None,
                reason=exception.error,
                at=clock.now(),
                where=match.view_name if match else "",
                ids={key: str(value) for key, value in match.kwargs.items() if key in _ID_NAMES}
                if match
                else {},
            )
        return error_response(
            request,
            status=exception.status,
            error=exception.error,
            text=exception.text,
            way_out=exception.way_out,
        )


# Route arguments that are ids; tokens of single-use links are not written down.
_ID_NAMES = frozenset(
    {"pk", "id", "session_id", "patient_id", "document_id", "series_id", "group_session_id"}
)

"""Django behind ASGI, with all of a request's synchronous code done in one visit to its thread."""

from __future__ import annotations

from typing import Any

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneVisitHandler(ASGIHandler):
    """Run middleware and view in one go.

    Our middleware and views are synchronous. Django's own handler would still come back to the event loop for
    the view and for each middleware that looks at it, and when everybody comes at nine each way takes long.
    """

    _middleware_chain: Any  # Any: a callable of Django's own, which its stubs leave out

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain as WSGI has it, and make one step of it."""
        super().load_middleware(is_async=False)
        self._middleware_chain = sync_to_async(self._middleware_chain)


def get_application() -> OneVisitHandler:
    """Set Django up and give its application, as `get_asgi_application` does."""
    django.setup(set_prefix=False)
    return OneVisitHandler()

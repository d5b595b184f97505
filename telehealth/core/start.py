"""What a server asks of its settings before it serves anybody."""

from __future__ import annotations

from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured

TAG = "start"


def refuse_contradictions() -> None:
    """Stop the server when its settings contradict each other; commands that serve nobody are not held up."""
    errors = [
        message
        for message in run_checks(tags=[TAG], include_deployment_checks=True)
        if isinstance(message, Error) or message.is_serious()
    ]
    if errors:
        raise ImproperlyConfigured(
            "\n".join(f"{error.id}: {error.msg} {error.hint or ''}".strip() for error in errors)
        )

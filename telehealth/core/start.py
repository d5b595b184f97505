"""What a server asks of its settings before it serves anybody."""

from __future__ import annotations

import gc
import sys

from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured

TAG = "start"

# Looked through for cycles after so many new objects: a page makes some thousands, and nearly no cycles.
COLLECT_AFTER = 20_000
# Threads that only wait for the database get the interpreter back sooner than after the usual 5 ms, two dozen
# times for each join; shorter still, and changing hands costs more than it brings.
SWITCH_SECONDS = 0.001


def settle() -> None:
    """Make the interpreter fit for serving, once everything is loaded: what is there by now stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    sys.setswitchinterval(SWITCH_SECONDS)


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

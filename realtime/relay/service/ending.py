"""An end that cannot hang: each step of closing has its time, and after that the process is gone."""

import logging
import os
import threading
from collections.abc import Callable

logger = logging.getLogger("realtime.relay")

STEP_SECONDS = 3.0
HARD_EXIT_STATUS = 3
_LAST_WORDS_SECONDS = 0.5


class HardExit:
    """Watch the closing from a thread of its own: a loop or a disk that hangs can stop no thread of Python's.

    Facts are written as they come, so that what such an end leaves open is closed by the next start.
    """

    def __init__(self, *, seconds: float = STEP_SECONDS, leave: Callable[[int], object] = os._exit) -> None:
        self._seconds = seconds
        self._leave = leave
        self._timer: threading.Timer | None = None

    def step(self, name: str) -> None:
        """Begin a step; the one before has come to its end."""
        self.cancel()
        self._timer = threading.Timer(self._seconds, self._expire, [name])
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self, name: str) -> None:
        # Standard error may be what hangs.
        words = threading.Thread(target=_say, args=[name], daemon=True)
        words.start()
        words.join(_LAST_WORDS_SECONDS)
        self._leave(HARD_EXIT_STATUS)


def _say(name: str) -> None:
    logger.error("relay.closing_hangs", extra={"step": name})

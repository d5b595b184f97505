"""Log lines of the relay: one JSON object each on standard error, closed words, ids and numbers only."""

import asyncio
import json
import logging
import sys
import traceback
from collections import Counter
from datetime import UTC, datetime

from realtime.relay.counters import FAULTS_PER_LINE

logger = logging.getLogger("realtime.relay")

# What a line may carry besides its template; whatever else a library puts into a record stays out.
FIELDS = (
    "room", "connection", "state", "reason", "seconds", "step", "rooms", "connections", "faults", "repeated",
    "data_plane",
)  # fmt: skip
_MAX_KINDS = 1000


class JsonFormatter(logging.Formatter):
    """Write a record as JSON: a message's template, an exception's type and places, never their text."""

    def __init__(self, boot: str) -> None:
        super().__init__()
        self._boot = boot

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg),
            "boot": self._boot,
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["trace"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return json.dumps(line, ensure_ascii=False, default=str)


class Sampled(logging.Filter):
    """Let the first warning of a kind through, then one in a hundred: a fault that repeats is one fault."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide on one record; what says how many `faults` it stands for has been sampled already."""
        if record.levelno < logging.WARNING or hasattr(record, "faults"):
            return True
        kind = record.name, str(record.msg), str(getattr(record, "reason", ""))
        if kind not in self._seen and len(self._seen) >= _MAX_KINDS:
            return False
        self._seen[kind] += 1
        record.repeated = self._seen[kind]
        return self._seen[kind] % FAULTS_PER_LINE == 1


def configure(boot: str, level: str) -> None:
    """Send every record of this process through one handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(boot))
    handler.addFilter(Sampled())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Each probe and each web process would be a line of theirs; what matters is a line of ours.
    logging.getLogger("websockets").setLevel(logging.WARNING)


def loop_exception(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log what no task of ours has caught; asyncio's own sentence would print sockets' addresses."""
    error = context.get("exception")
    logger.error("relay.loop_exception", exc_info=error if isinstance(error, BaseException) else None)

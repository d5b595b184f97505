"""Channel layer, relay and the embedded worker."""

from __future__ import annotations

from . import env
from .base import TESTING
from .database import REDIS_URL

# The layer waits 5 s for a message at a time. The Redis client gives up on any answer after 5 s unless told
# otherwise, which would close the socket of everybody who hears nothing for so long.
REDIS_ANSWER_SECONDS = 30
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": REDIS_ANSWER_SECONDS}]},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

RELAY_CONTROL_URL = env.text("RELAY_CONTROL_URL")
RELAY_CONTROL_SECRET = env.secret("RELAY_CONTROL_SECRET")
# The web process also ingests facts and ends abandoned sessions. With several processes a worker of its own
# does it.
# In a test it would work on rows between that test and the next.
EMBEDDED_WORKER = env.flag("EMBEDDED_WORKER", default=not (REDIS_URL or TESTING))

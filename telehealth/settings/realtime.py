"""Channel layer, relay and the embedded worker."""

from __future__ import annotations

from . import env
from .base import TESTING
from .database import REDIS_URL

# Who listens waits for a message as long as it takes: with any limit redis-py loses cancellations of a reader
# that is just connecting. Who sends has a limit of its own.
CHANNEL_SEND_SECONDS = 5
# So many messages wait for a socket that is busy; what does not fit is lost, and found by its number.
CHANNEL_CAPACITY = 1000
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "realtime.layer.RoomLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "socket_keepalive": True}],
            "capacity": CHANNEL_CAPACITY,
        },
    }
    if REDIS_URL
    else {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        "CONFIG": {"capacity": CHANNEL_CAPACITY},
    }
}

RELAY_CONTROL_URL = env.text("RELAY_CONTROL_URL")
RELAY_CONTROL_SECRET = env.secret("RELAY_CONTROL_SECRET")

# For browsers whose network lets no UDP through; the secret is shared with the TURN server.
TURN_URLS = env.words("TURN_URLS")
TURN_SECRET = env.secret("TURN_SECRET")
# A credential is asked for at every path that is built, and has to outlive the path: a session and its ends.
TURN_TTL_SECONDS = env.number("TURN_TTL_SECONDS", 6 * 3600)
# "relay": browsers use nothing but TURN, so that nobody's media shows their address to the relay's network.
ICE_TRANSPORT_POLICY = env.text("ICE_TRANSPORT_POLICY", "all")
# The web process also ingests facts and ends abandoned sessions. With several processes a worker of its own
# does it.
# In a test it would work on rows between that test and the next.
EMBEDDED_WORKER = env.flag("EMBEDDED_WORKER", default=not (REDIS_URL or TESTING))

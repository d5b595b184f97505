"""The server's entry: HTTP through Django, WebSockets through Channels."""

import os

from telehealth.core.handler import get_application
from telehealth.core.start import refuse_contradictions, settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
http = get_application()
refuse_contradictions()

# Only after the line above are the apps loaded that these modules import models from.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from realtime.urls import websocket_urlpatterns  # noqa: E402
from realtime.worker import with_runtime  # noqa: E402
from telehealth.core.static_files import StaticFiles  # noqa: E402
from telehealth.core.threads import Threads  # noqa: E402

threads = Threads(pages=settings.PAGE_THREADS, sockets=settings.ROOM_THREADS)
# The runtime outlives every request, so it is started outside of their threads.
application = StaticFiles(
    with_runtime(
        threads.wrap(
            ProtocolTypeRouter(
                {
                    "http": http,
                    # Who comes with which login the room itself finds out, in one visit to the database.
                    "websocket": AllowedHostsOriginValidator(
                        CookieMiddleware(URLRouter(websocket_urlpatterns))
                    ),
                }
            )
        )
    )
)
if not settings.TESTING:  # a test is not a server, and goes on loading
    settle()

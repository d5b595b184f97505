"""The server's entry: HTTP through Django, WebSockets through Channels."""

import os

from django.core.asgi import get_asgi_application

from telehealth.core.start import refuse_contradictions

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
http = get_asgi_application()
refuse_contradictions()

# Only after the line above are the apps loaded that these modules import models from.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from realtime.urls import websocket_urlpatterns  # noqa: E402
from realtime.worker import with_runtime  # noqa: E402

application = with_runtime(
    ProtocolTypeRouter(
        {
            "http": http,
            "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
        }
    )
)

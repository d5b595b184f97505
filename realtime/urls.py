"""Routes of the live rooms: the page and its socket."""

from __future__ import annotations

from typing import Any

from django.urls import path, re_path

from . import views
from .consumers import RoomConsumer


async def nowhere(scope: Any, receive: Any, send: Any) -> None:  # Any: ASGI's own shapes
    """Refuse sockets that lead nowhere; without a route the server would call them an error of ours."""
    await receive()
    await send({"type": "websocket.close"})


app_name = "realtime"
urlpatterns = [path("rooms/<uuid:pk>/", views.room, name="room")]
websocket_urlpatterns = [
    path("ws/rooms/<uuid:pk>/", RoomConsumer.as_asgi()),
    re_path("", nowhere),  # type: ignore[arg-type]  # an ASGI application, which Django's types do not know
]

"""Routes of the live rooms: the page and its socket."""

from django.urls import path

from . import views
from .consumers import RoomConsumer

app_name = "realtime"
urlpatterns = [path("rooms/<uuid:pk>/", views.room, name="room")]
websocket_urlpatterns = [path("ws/rooms/<uuid:pk>/", RoomConsumer.as_asgi())]

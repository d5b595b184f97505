"""The room's page: the application's shell, or in words why not."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from realtime import gatekeeper
from realtime.ways import way_out
from sessions.models import GroupSession
from sessions.selectors.scope import get_session_for, join_decision
from telehealth.accounts.models import User
from telehealth.core import clock
from telehealth.core.decision import Decision
from telehealth.core.errors import NotFound

CRISIS_LINE = "988"


@require_safe
def room(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the room, or the gate that is shut and the way through it. The socket asks again at every join."""
    user, at = request.user, clock.now()
    if not isinstance(user, User):
        raise NotFound
    group_session = get_session_for(user, pk, at)
    decision = join_decision(user, group_session, at)
    context: dict[str, object] = {"group_session": group_session, "program": group_session.program}
    if group_session.state_enum.is_final:
        return render(request, "realtime/gate.html", context | {"is_over": True})
    if not decision:
        gatekeeper.deny(user, str(decision.reason), pk, "page", at)
        return render(request, "realtime/gate.html", context | _closed(decision, pk), status=403)
    return render(request, "realtime/room.html", context | {"config": _config(user, group_session)})


def _closed(decision: Decision, pk: UUID) -> dict[str, object]:
    way = way_out(decision.way_out, pk)
    is_path = way is not None and way.startswith("/")
    return {
        "text": decision.text,
        "link": way if is_path else None,
        "advice": None if is_path else way,
    }


def _config(user: User, group_session: GroupSession) -> dict[str, object]:
    return {
        "ws_url": f"/ws/rooms/{group_session.pk}/",
        "session_id": str(group_session.pk),
        "title": group_session.title,
        "you": {
            "id": str(user.pk),
            "name": user.peer_name,
            "role": "patient" if user.role_enum == "patient" else "facilitator",
        },
        "home_url": reverse("home"),
        "phone": group_session.program.callback_phone,
        "crisis": CRISIS_LINE,
        "program_zone": group_session.program.time_zone,
        "user_zone": user.time_zone,
        "scheduled_start": group_session.scheduled_start.isoformat(),
        "scheduled_end": group_session.scheduled_end.isoformat(),
        "lobby_opens_at": group_session.lobby_opens_at.isoformat(),
        "debug": settings.DEMO_MODE,
    }

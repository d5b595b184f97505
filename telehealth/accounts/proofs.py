"""Proof that the person at the keyboard is the account's owner, asked for one particular act.

allauth keeps in the login session how and when its owner was recognised. That alone would let one proof cover
whatever follows within minutes; so each act is asked about by name, only a proof given after the question
counts, and it is spent with the act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

_KEY = "proof_asked"


@dataclass(frozen=True, slots=True)
class Proof:
    """When and how the owner of the account showed that it is them: `password`, `totp`, `recovery_codes`."""

    at: datetime
    method: str

    def holds(self, at: datetime) -> bool:
        """Say whether it is young enough; the services ask again, so that no page can forget to."""
        lifetime = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
        return timedelta(0) <= at - self.at < lifetime


def ask_for_proof(request: HttpRequest, act: str, *, back: str, at: datetime) -> HttpResponse:
    """Send the person to show who they are, and back to `back`; `act` names what they are about to do."""
    request.session[_KEY] = {"act": act, "at": at.timestamp()}
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def proof_for(request: HttpRequest, act: str, *, at: datetime) -> Proof | None:
    """Give the proof that was asked for this act and given since, while it holds."""
    asked = request.session.get(_KEY)
    if not asked or asked["act"] != act:
        return None
    given = [
        record
        for record in get_authentication_records(request, request.user)
        if record.get("reauthenticated") and record["at"] >= asked["at"]
    ]
    if not given:
        return None
    latest = max(given, key=lambda record: float(record["at"]))
    method = latest["type"] if latest["method"] == "mfa" else latest["method"]
    proof = Proof(datetime.fromtimestamp(latest["at"], tz=UTC), str(method))
    return proof if proof.holds(at) else None


def spend_proof(request: HttpRequest) -> None:
    """Forget the question: the next act is asked about anew."""
    request.session.pop(_KEY, None)

"""Somebody at a browser at an instant, and what they can read on a page."""

from __future__ import annotations

from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from telehealth.accounts.models import User


class Browser:
    """One signed-in person; every request happens at `at`."""

    def __init__(self, user: User, at: datetime) -> None:
        self.user, self.at, self.client = user, at, Client()

    def get(self, name: str, *ids: object, headers: dict[str, str] | None = None, **query: str) -> Any:
        """Ask for a page."""
        return self._ask("get", name, ids, query, headers)

    def post(self, name: str, /, *ids: object, **data: Any) -> Any:
        """Send a form."""
        return self._ask("post", name, ids, data, None)

    def send(self, address: str, data: dict[str, Any]) -> Any:
        """Send a form to an address with a query of its own."""
        with time_machine.travel(self.at, tick=False):
            self.client.force_login(self.user)
            return self.client.post(address, data)

    def read(self, name: str, *ids: object, **query: str) -> str:
        """Give the words of a page that must be there."""
        answer = self.get(name, *ids, **query)
        assert answer.status_code == 200
        return words(answer)

    def later(self, minutes: int, name: str, *ids: object, headers: dict[str, str]) -> int:
        """Ask again some minutes after `at` without signing in anew, and give the status."""
        with time_machine.travel(self.at + timedelta(minutes=minutes), tick=False):
            return self.client.get(reverse(name, args=ids), headers=headers).status_code

    def queries(self, name: str, *ids: object) -> int:
        """Count the queries of a page that was asked for once before."""
        self.get(name, *ids)
        with CaptureQueriesContext(connection) as seen, time_machine.travel(self.at, tick=False):
            assert self.client.get(reverse(name, args=ids)).status_code == 200
        return len(seen)

    def _ask(
        self, method: str, name: str, ids: tuple[object, ...], data: Any, headers: dict[str, str] | None
    ) -> HttpResponse:
        with time_machine.travel(self.at, tick=False):
            self.client.force_login(self.user)
            ask = getattr(self.client, method)
            answer: HttpResponse = ask(reverse(name, args=ids), data, headers=headers or {})
            return answer


class _Words(HTMLParser):
    """Collects text, without what only machines read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "head")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "head")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def words(answer: Any) -> str:
    """Give the text of a page, white space folded and dashes plain."""
    parser = _Words()
    parser.feed(answer.content.decode())
    return " ".join("".join(parser.found).split()).replace("\N{EN DASH}", "-")

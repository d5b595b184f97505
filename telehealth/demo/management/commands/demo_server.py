"""`manage.py demo_server`: the demo's web process. `manage.py demo` starts it."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telehealth.core import clock
from telehealth.core.errors import DomainError
from telehealth.demo import cast
from telehealth.demo.models import DemoSeed
from telehealth.demo.seed import ForeignDatabaseError, hold_past, seed
from telehealth.demo.stage import set_stage
from telehealth.demo.supervisor import REFUSED


class Command(BaseCommand):
    """Migrate, seed, set the stage and serve."""

    help = "Serve the demo (started by `manage.py demo`)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port."""
        parser.add_argument("--port", type=int, required=True)

    def handle(self, *_args: Any, port: int, **_options: Any) -> None:
        """Serve until the supervisor ends or asks; Any: Django passes every option."""
        if not settings.DEMO_MODE:
            raise CommandError("Start the demo with bin/demo.", returncode=REFUSED)
        call_command("migrate", verbosity=0)
        try:
            self._prepare()
        except ForeignDatabaseError as error:
            raise CommandError(f"{error.text} {error.way_out}", returncode=REFUSED) from error
        except DomainError as error:
            raise CommandError(error.text, returncode=REFUSED) from error
        _serve(port, ready=lambda: self._greet(port))

    def _prepare(self) -> None:
        if not DemoSeed.objects.exists():
            self._say("Making eight weeks of sessions; this is done once.")
        program = seed(at=clock.now())
        hold_past(program, at=clock.now())
        set_stage(program, at=clock.now())

    def _greet(self, port: int) -> None:
        self._say("")
        self._say(f"  Open http://127.0.0.1:{port}   (every password: {cast.PASSWORD})")
        self._say("")
        for account in cast.LOGINS:
            self._say(f"  {account.role.label:22} {account.person.email:22} {account.note}")
        self._say("")
        self._say("  Mail is printed here. Ctrl-C ends the demo; the next start takes seconds.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _serve(port: int, *, ready: Any) -> None:  # Any: a callable without arguments
    # Imported late: the first import of daphne's server installs its reactor on this process's event loop.
    from channels.routing import get_default_application
    from daphne.server import Server
    from twisted.internet import reactor as installed

    from realtime.worker import start_embedded

    reactor: Any = installed  # a module that becomes an object at run time; its types differ by version

    def started() -> None:
        start_embedded()
        ready()

    def stop_with_supervisor() -> None:
        os.read(sys.stdin.fileno(), 1)  # nothing is ever written: it returns when the supervisor is gone
        reactor.callFromThread(reactor.stop)

    threading.Thread(target=stop_with_supervisor, daemon=True).start()
    Server(
        application=get_default_application(),
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        # Daphne calls back before the event loop runs; a delayed call of the reactor runs on it.
        ready_callable=lambda: reactor.callLater(0, started),
        verbosity=0,
    ).run()

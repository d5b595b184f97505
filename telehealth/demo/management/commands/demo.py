"""`manage.py demo`: the whole product from one command, on invented people."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telehealth.demo.supervisor import AlreadyRunningError, Plan, alone_in, run


class Command(BaseCommand):
    """Start relay and server, and keep them running until Ctrl-C."""

    help = "Run the product with a seeded database of its own: nothing else is needed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where and what."""
        parser.add_argument("--port", type=int, default=8000, help="first port to try (default 8000)")
        parser.add_argument("--data-dir", type=Path, default=settings.BASE_DIR / ".demo")
        parser.add_argument("--fresh", action="store_true", help="forget what the demo stored before")

    def handle(self, *_args: Any, port: int, data_dir: Path, fresh: bool, **_options: Any) -> None:
        """Run; Any: Django passes every option."""
        try:
            with alone_in(data_dir.absolute()):
                if fresh:
                    _forget(data_dir)
                plan = Plan.make(data_dir.absolute(), wanted_port=port)
                status = run(plan, manage=settings.BASE_DIR / "manage.py", say=self._say)
        except AlreadyRunningError as error:
            raise CommandError(
                "A demo with this folder runs already. Stop it, or give --data-dir."
            ) from error
        except OSError as error:
            raise CommandError(f"The demo cannot start: {error}") from error
        if status:
            sys.exit(status)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _forget(data_dir: Path) -> None:
    for path in data_dir.glob("db.sqlite3*"):
        path.unlink()
    shutil.rmtree(data_dir / "facts", ignore_errors=True)

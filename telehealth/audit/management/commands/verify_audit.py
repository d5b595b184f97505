"""Walk the audit trail and say whether it is whole; for a scheduled check."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from telehealth.audit import services


class Command(BaseCommand):
    """End with an error where an event was changed, taken out or cut off."""

    help = "Verify the hash chain of the audit trail."

    def handle(self, **options: object) -> None:
        """Verify and report."""
        report = services.verify()
        if not report.holds:
            raise CommandError(f"The audit trail is broken at event {report.broken_at_seq}.")
        self.stdout.write(f"The audit trail holds: {report.events} events.")

"""The mark by which the demo knows its own database."""

from __future__ import annotations

from django.db import models

from telehealth.programs.models import Program


class DemoSeed(models.Model):
    """One row in a database that the demo filled; no other database is ever seeded."""

    program = models.OneToOneField(Program, on_delete=models.PROTECT, related_name="+")
    seeded_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)

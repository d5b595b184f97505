"""The agreements a new program starts with: texts in files, published as documents of the program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from telehealth.accounts.models import User
from telehealth.programs.models import Program

from ..models import ConsentDocument, ConsentKind
from .consent import publish_document

FOLDER = Path(__file__).resolve().parent.parent / "agreements"


@dataclass(frozen=True, slots=True)
class DefaultAgreement:
    """A text file: its first line is the title, the rest the body. `valid_days` as in domain.md 4.1."""

    kind: ConsentKind
    file_name: str
    valid_days: int | None

    def text_for(self, program: Program) -> tuple[str, str]:
        """Give title and body with the program's name and number filled in."""
        title, body = (FOLDER / self.file_name).read_text(encoding="utf-8").split("\n", 1)
        filled = body.strip().replace("[PROGRAM]", program.name).replace("[PHONE]", program.callback_phone)
        return title.strip(), filled


DEFAULTS = (
    DefaultAgreement(ConsentKind.TREATMENT, "treatment.txt", None),
    DefaultAgreement(ConsentKind.TELEHEALTH, "telehealth.txt", 365),
    DefaultAgreement(ConsentKind.GROUP_CONFIDENTIALITY, "group_confidentiality.txt", None),
)


def publish_default_agreements(*, actor: User, program: Program, at: datetime) -> list[ConsentDocument]:
    """Publish the default text of every kind the program has no agreement of yet; give what was published."""
    published = []
    with transaction.atomic():
        for default in DEFAULTS:
            if ConsentDocument.objects.filter(program=program, kind=default.kind).exists():
                continue
            title, body = default.text_for(program)
            published.append(
                publish_document(
                    actor=actor,
                    program=program,
                    kind=default.kind,
                    title=title,
                    body=body,
                    at=at,
                    valid_days=default.valid_days,
                )
            )
    return published

"""The agreements of a program as staff see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from telehealth.programs.models import Program
from telehealth.programs.selectors import program_ids_of, programs_of

from ..consent_rules import Block, text_blocks
from ..models import ConsentDocument, ConsentKind


@dataclass(frozen=True, slots=True)
class Shelf:
    """One program's agreements: per kind all versions, newest first, and the kinds it has nothing for."""

    program: Program
    documents: list[ConsentDocument]
    missing: list[ConsentKind]


def document_shelves(user: User, at: datetime) -> list[Shelf]:
    """List the published agreements of the account's programs."""
    order = list(ConsentKind.values)
    shelves = []
    for program in programs_of(user, at):
        rows = ConsentDocument.objects.filter(program=program, published_at__lte=at).defer("body")
        documents = sorted(rows, key=lambda row: (order.index(row.kind), row.language, -row.version))
        kinds = {row.kind for row in documents}
        shelves.append(Shelf(program, documents, [kind for kind in ConsentKind if kind.value not in kinds]))
    return shelves


def get_published_document_for(user: User, pk: UUID, at: datetime) -> ConsentDocument:
    """Give a published version of one of the account's programs."""
    row = (
        ConsentDocument.objects.filter(pk=pk, program__in=program_ids_of(user, at), published_at__lte=at)
        .select_related("program")
        .first()
    )
    if row is None:
        raise NotFound("document_not_found", "There is no such agreement in your programs.")
    return row


def blocks_of(document: ConsentDocument) -> list[Block]:
    """Give the text of a version in headings and paragraphs."""
    return text_blocks(document.body)

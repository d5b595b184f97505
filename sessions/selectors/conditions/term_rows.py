"""One credit term, and one version of them, as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sessions.rules.conditions.packs import PACKS
from sessions.rules.conditions.term_words import TERM_WORDS, TermGroup, default_words, value_words
from telehealth.enrollment.models import EnrollmentTerms
from telehealth.programs.models import CreditTerms

Stored = Mapping[str, Any]  # Any: values as they are stored, each of its parameter's kind
SYSTEM, PROGRAM, TRACK, PATIENT = "system default", "program", "track", "this patient"


@dataclass(frozen=True, slots=True)
class TermRow:
    """One term as it holds somewhere: its value, the default, and which level says so."""

    name: str
    label: str
    explanation: str
    value: str
    default: str
    origin: str

    @property
    def is_default(self) -> bool:
        """Say whether nobody decided it."""
        return self.origin == SYSTEM


@dataclass(frozen=True, slots=True)
class TermSection:
    """The terms of one group."""

    title: str
    rows: tuple[TermRow, ...]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in a history."""

    id: UUID
    version: int
    name: str
    pack: str
    effective_on: date
    created_at: datetime
    created_by: str
    is_in_force: bool
    is_planned: bool
    changes: tuple[tuple[str, str], ...]


def sections_of(levels: Sequence[tuple[str, Stored]]) -> tuple[TermSection, ...]:
    """Write out every term, each from the last level that gives it."""
    rows: dict[TermGroup, list[TermRow]] = {group: [] for group in TermGroup}
    for name, words in TERM_WORDS.items():
        origin, value = SYSTEM, default_words(name)
        for level, parameters in levels:
            if name in parameters:
                origin, value = level, value_words(name, parameters[name])
        rows[words.group].append(
            TermRow(name, words.label, words.explanation, value, default_words(name), origin)
        )
    return tuple(TermSection(group.value, tuple(found)) for group, found in rows.items())


def version_rows(rows: Sequence[CreditTerms] | Sequence[EnrollmentTerms], on: date) -> tuple[VersionRow, ...]:
    """Write out versions, in the order given; the one in force is marked."""
    begun = [(row.effective_on, row.version, row.pk) for row in rows if row.effective_on <= on]
    current = max(begun)[2] if begun else None
    return tuple(
        VersionRow(
            id=row.pk,
            version=row.version,
            name=row.name,
            pack=PACKS[row.pack].name if row.pack in PACKS else "",
            effective_on=row.effective_on,
            created_at=row.created_at,
            created_by="" if row.created_by is None else row.created_by.full_name,
            is_in_force=row.pk == current,
            is_planned=row.effective_on > on,
            changes=tuple(
                (words.label, value_words(name, row.parameters[name]))
                for name, words in TERM_WORDS.items()
                if name in row.parameters
            ),
        )
        for row in rows
    )


def parameters_of(terms: CreditTerms | EnrollmentTerms | None) -> Stored:
    """Give what a version says; nothing where there is none."""
    return {} if terms is None else terms.parameters

"""A look into the server's database file, beside the server: what is stored counts, not what a page says."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the facts."""

    source_boot: str
    seq: int
    kind: str
    at: datetime
    participant: str | None
    connection: str | None
    data: dict[str, Any]  # JSON


@dataclass(frozen=True, slots=True)
class Record:
    """One patient's stored attendance."""

    patient: str
    qualified_seconds: int
    strict_seconds: int
    credited_min: int
    billable_min: int
    hours_min: int
    status: str
    flags: list[str]
    is_final: bool


class Ledger:
    """Read, never write; every question opens the file anew."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def facts(self, session: str, *, kind: str = "", participant: str = "") -> list[Fact]:
        """List the facts of a session in the order of their recording."""
        rows = self._rows(
            "SELECT source_boot, seq, kind, at, participant, connection, data FROM iop_presenceevent"
            " WHERE group_session_id = ? ORDER BY id",
            UUID(session).hex,
        )
        facts = [
            Fact(
                source_boot=row[0],
                seq=row[1],
                kind=row[2],
                at=datetime.fromisoformat(row[3]).replace(tzinfo=UTC),
                participant=_dashed(row[4]),
                connection=_dashed(row[5]),
                data=json.loads(row[6]),
            )
            for row in rows
        ]
        return [
            fact
            for fact in facts
            if (not kind or fact.kind == kind) and (not participant or fact.participant == participant)
        ]

    def records(self, session: str) -> dict[str, Record]:
        """Give the stored attendance of a session by patient."""
        rows = self._rows(
            "SELECT patient_id, qualified_seconds, strict_seconds, credited_min, billable_min, hours_min,"
            " status, flags, is_final FROM iop_attendancerecord WHERE group_session_id = ?",
            UUID(session).hex,
        )
        found = (
            Record(str(UUID(row[0])), *row[1:7], flags=json.loads(row[7]), is_final=bool(row[8]))
            for row in rows
        )
        return {record.patient: record for record in found}

    def seat(self, session: str, user: str) -> tuple[str, str | None]:
        """Give a person's state in a room and the connection that holds the seat."""
        ((state, connection),) = self._rows(
            "SELECT state, connection FROM iop_participation WHERE group_session_id = ? AND user_id = ?",
            UUID(session).hex,
            UUID(user).hex,
        )
        return state, _dashed(connection)

    def _rows(self, query: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(query, values).fetchall()


def _dashed(value: str | None) -> str | None:
    return str(UUID(value)) if value else None

"""Databases of every age end with the same tables of sessions: one step stands for six, which stay."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

APP = "iop"
ONE = "0001_squashed_0006_room_authority"
SIX = [
    "0001_initial",
    "0002_append_only",
    "0003_sign_off_and_absences",
    "0004_append_only_judgements",
    "0005_index_facts_to_read",
    "0006_room_authority",
]


@pytest.mark.parametrize(
    ("has", "gets"),
    [
        pytest.param([], [ONE], id="a new database"),
        *(pytest.param(SIX[:count], SIX[count:], id=f"{count} of six") for count in range(1, 7)),
    ],
)
def test_a_database_gets_what_it_lacks_and_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, has: list[str], gets: list[str]
) -> None:
    applied = {(APP, name): MigrationRecorder.Migration(app=APP, name=name) for name in has}
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda recorder: applied)
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(APP))
    assert [step.name for step, _ in plan if step.app_label == APP and step.name in {ONE, *SIX}] == gets

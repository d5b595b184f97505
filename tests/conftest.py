"""What every test shares: the property-test profile, and which tests are asked of PostgreSQL and Redis."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from asgiref.sync import SyncToAsync
from django.core.management.color import Style
from django.core.management.commands import flush
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None)
# The same examples every time: a push must not fail by luck. Looking for new ones is done by hand.
settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "default")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_TRUNCATE = PostgresOperations.sql_flush
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Close what consumers left open in their thread: PostgreSQL does not drop a database in use.

    Channels' test communicator switches its own closing off.
    """
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empty the tables after a test without writing Django's permissions and content types again.

    Nothing here reads them, and writing them takes most of the time between two tests that commit. Tables of
    some rows are emptied of them: to truncate them, PostgreSQL would make new files for each and its indexes.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        patch.setattr(PostgresOperations, "sql_flush", _delete_rows)
        yield


def _delete_rows(
    operations: PostgresOperations, style: Style, tables: list[str], **options: bool
) -> Sequence[str]:
    if options.get("reset_sequences"):  # as the command does, but not what empties tables between tests
        return _TRUNCATE(operations, style, tables, **options)
    rows = "".join(f"DELETE FROM {operations.quote_name(table)};" for table in tables)  # noqa: S608
    # The tables that only grow refuse to be emptied, and the others refer to each other.
    return [f"SET LOCAL session_replication_role = replica; {rows}"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of the browser to drive: `CHROMIUM`, or the machine's own."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytest.fail("The browser tests need Chromium: install it, or name it in CHROMIUM.")
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on-services",
        action="store_true",
        help="run only what touches a database or a channel layer; bin/test points both at real ones",
    )
    parser.addoption(
        "--off-services", action="store_true", help="run what --on-services leaves out, and services_real"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the run on services, or the one beside it, has no need to ask."""
    is_on, is_off = config.getoption("--on-services"), config.getoption("--off-services")
    if is_on == is_off:
        return
    # The embedded defaults answer for themselves to what the real servers are asked.
    kept = [
        item for item in items if _uses_services(item) == is_on or "services_real" in Path(item.path).parts
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _uses_services(item: pytest.Item) -> bool:
    if {"demo", "faults"} & set(Path(item.path).parts):
        # The demo is the embedded product; its database is SQLite by definition. The fault schedules break
        # their edges by hand; `python -m tests.faults.live` breaks the real ones.
        return False
    if {"pages", "load"} & set(Path(item.path).parts) or Path(item.path).name == "test_permissions.py":
        # They read and write as the tests of services and selectors do, and `test_attendance_reads.py` opens
        # every page of the desk there.
        return False
    marked = any(item.get_closest_marker(name) for name in ("django_db", "services"))
    fixtures = set(getattr(item, "fixturenames", ()))
    return marked or bool(fixtures & DATABASE_FIXTURES) or "services_real" in Path(item.path).parts

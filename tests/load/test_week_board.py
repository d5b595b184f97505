"""The week board takes the same queries for a few patients and for many, and its figures can be printed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sessions.selectors.weekly.board_shapes import BoardFilters
from sessions.services.desk import view_week_board
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.enrollment.services import publish_default_agreements
from telehealth.programs.models import Program
from telehealth.programs.services import add_membership, create_program
from tests import cast as stage
from tests.load.week_board import AT, Figures, fill, measure, report

pytestmark = pytest.mark.django_db

FOUNDED = AT - timedelta(weeks=10)


def program_of(patients: int, root: User) -> tuple[Program, User]:
    program = create_program(
        actor=root, name="Load", time_zone="America/New_York", callback_phone="1", at=FOUNDED
    )
    admin = stage.account(Role.PROGRAM_ADMIN, f"admin{patients}")
    therapist = stage.account(Role.THERAPIST, f"therapist{patients}")
    add_membership(actor=root, program=program, user=admin, at=FOUNDED)
    add_membership(actor=admin, program=program, user=therapist, at=FOUNDED)
    publish_default_agreements(actor=admin, program=program, at=FOUNDED)
    fill(program, admin, therapist, patients=patients, at=AT)
    return program, admin


@pytest.mark.parametrize("weeks_ago", [0, 1])
def test_the_number_of_queries_does_not_grow_with_the_patients(weeks_ago: int) -> None:
    root = stage.account(Role.SYSTEM_ADMIN, "root")
    at, found = AT + timedelta(weeks=weeks_ago), []
    for patients in (2, 12):
        program, admin = program_of(patients, root)
        found.append(measure(program, admin, at=at, runs=1))
        filters = BoardFilters(program_id=program.pk, day=program.date_at(AT))
        board = view_week_board(actor=admin, filters=filters, at=at)
        assert len(board.rows) == patients
        assert board.is_over == bool(weeks_ago)
    assert found[0].queries == found[1].queries
    assert found[0].page_queries == found[1].page_queries
    assert [one.patients for one in found] == [2, 12]


def test_the_figures_are_a_table() -> None:
    few = Figures(50, 30, [10.0, 20.0, 30.0], 15.0, 33, [40.0], 35.0)
    many = Figures(500, 30, [60.0], 55.0, 33, [90.0], 80.0)
    lines = report([few, many])
    assert lines[2] == "| 50 | 30 | 20 ms | 30 ms | 15 ms | 33 | 40 ms | 40 ms | 35 ms | 1.0 |"
    assert lines[3] == "| 500 | 30 | 60 ms | 60 ms | 55 ms | 33 | 90 ms | 90 ms | 80 ms | 3.0 |"

"""Programs: who founds them, whose they are today, and terms that start on a date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from telehealth.core.errors import Conflict, Denied, DomainError, NotFound, NotReady
from telehealth.programs import selectors
from telehealth.programs.models import CreditTerms, ProgramMembership
from telehealth.programs.services import (
    add_membership,
    create_program,
    end_membership,
    set_credit_terms,
    terms_in_force,
)
from tests.telehealth.enrollment.world import AT, TODAY, World


def accept_all(parameters: Mapping[str, object]) -> None:
    """Judge nothing."""


def set_terms(world: World, **changes: object) -> CreditTerms:
    values = {
        "actor": world.admin,
        "program": world.program,
        "name": "Strict",
        "effective_on": TODAY,
        "parameters": {"rejoin_bridge_sec": 0, "min_presence_ratio": "0.8", "break_counts": False},
        "validate": accept_all,
        "at": AT,
    }
    return set_credit_terms(**{**values, **changes})  # type: ignore[arg-type]


def test_only_a_system_administrator_founds_a_program(world: World) -> None:
    for actor in (world.admin, world.therapist, world.user):
        with pytest.raises(Denied):
            create_program(actor=actor, name="X", time_zone="America/Denver", callback_phone="1", at=AT)


@pytest.mark.parametrize("change", [{"time_zone": "Mars/Base"}, {"name": " "}, {"callback_phone": ""}])
def test_program_needs_a_real_zone_a_name_and_a_number(world: World, change: dict[str, str]) -> None:
    values = {"name": "X", "time_zone": "America/Denver", "callback_phone": "1"}
    with pytest.raises(DomainError):
        create_program(actor=world.system_admin, at=AT, **{**values, **change})


def test_new_program_has_default_terms_from_its_first_day(world: World) -> None:
    assert terms_in_force(world.program, TODAY).version == 1
    assert terms_in_force(world.program, TODAY).parameters == {}
    with pytest.raises(NotReady):
        terms_in_force(world.program, TODAY - timedelta(days=1))


def test_terms_in_force_are_the_newest_that_have_begun(world: World) -> None:
    later = set_terms(world, effective_on=TODAY + timedelta(days=7))
    assert terms_in_force(world.program, TODAY).version == 1
    assert terms_in_force(world.program, TODAY + timedelta(days=6)).version == 1
    assert terms_in_force(world.program, TODAY + timedelta(days=7)) == later
    # Decided later for an earlier day, it holds until the other begins; of one day the higher version wins.
    set_terms(world, effective_on=TODAY)
    last = set_terms(world, effective_on=TODAY)
    assert last.version == 4
    assert terms_in_force(world.program, TODAY) == last
    assert terms_in_force(world.program, TODAY + timedelta(days=7)) == later


def test_terms_never_start_in_the_past(world: World) -> None:
    with pytest.raises(Conflict) as caught:
        set_terms(world, effective_on=TODAY - timedelta(days=1))
    assert caught.value.error == "date_in_past"


@pytest.mark.parametrize(
    "parameters", [{"Bad Name": 1}, {"x": 0.85}, {"x": None}, {"x": [1]}, {f"name_{i}": i for i in range(41)}]
)
def test_terms_of_the_wrong_shape_are_refused(world: World, parameters: dict[str, object]) -> None:
    with pytest.raises(DomainError) as caught:
        set_terms(world, parameters=parameters)
    assert caught.value.error == "bad_parameters"


def test_validator_of_the_caller_has_the_last_word_on_names(world: World) -> None:
    def refuse(parameters: Mapping[str, object]) -> None:
        raise DomainError("unknown_parameter", "There is no such parameter.")

    with pytest.raises(DomainError):
        set_terms(world, validate=refuse)
    assert CreditTerms.objects.filter(program=world.program).count() == 1


def test_others_do_not_set_terms(world: World) -> None:
    for actor in (world.other_admin, world.therapist, world.user):
        with pytest.raises(Denied):
            set_terms(world, actor=actor)


def test_membership_counts_by_the_calendar_of_the_program(world: World) -> None:
    row = ProgramMembership.objects.get(user=world.therapist)
    end_membership(actor=world.admin, membership=row, ends_on=TODAY, at=AT)
    # 23:59 and 00:00 in New York, whatever the date in UTC.
    assert selectors.is_member(world.therapist, world.program, datetime(2026, 11, 19, 4, 59, tzinfo=UTC))
    assert not selectors.is_member(world.therapist, world.program, datetime(2026, 11, 19, 5, 0, tzinfo=UTC))


def test_ended_membership_closes_the_program_at_once_and_may_begin_again(world: World) -> None:
    row = ProgramMembership.objects.get(user=world.therapist)
    end_membership(actor=world.admin, membership=row, at=AT)
    assert selectors.programs_of(world.therapist, AT) == []
    with pytest.raises(Conflict):
        end_membership(actor=world.admin, membership=row, at=AT)
    add_membership(actor=world.admin, program=world.program, user=world.therapist, at=AT)
    assert selectors.programs_of(world.therapist, AT) == [world.program]


def test_nobody_ends_their_own_access(world: World) -> None:
    row = ProgramMembership.objects.get(user=world.admin, program=world.program)
    with pytest.raises(Denied):
        end_membership(actor=world.admin, membership=row, at=AT)


def test_membership_is_given_once_and_never_to_patients(world: World) -> None:
    with pytest.raises(Conflict):
        add_membership(actor=world.admin, program=world.program, user=world.therapist, at=AT)
    with pytest.raises(DomainError):
        add_membership(actor=world.admin, program=world.program, user=world.user, at=AT)
    with pytest.raises(DomainError):
        add_membership(
            actor=world.admin,
            program=world.program,
            user=world.other_admin,
            starts_on=TODAY,
            ends_on=date(2026, 11, 1),
            at=AT,
        )


def test_scope_is_ones_own_programs(world: World) -> None:
    assert selectors.programs_of(world.admin, AT) == [world.program]
    with pytest.raises(NotFound):
        selectors.get_program_for(world.admin, world.other_program.pk, AT)
    assert {row.program for row in selectors.people_of(world.admin, AT)} == {world.program}
    theirs = ProgramMembership.objects.get(user=world.other_admin)
    with pytest.raises(NotFound):
        selectors.get_membership_for(world.admin, theirs.pk, AT)


def test_system_administrator_sees_staff_of_all_programs_and_no_patient(world: World) -> None:
    assert {row.program for row in selectors.people_of(world.system_admin, AT)} == {
        world.program,
        world.other_program,
    }
    assert world.user not in {row.user for row in selectors.people_of(world.system_admin, AT)}
    assert selectors.programs_of(world.system_admin, AT) == []

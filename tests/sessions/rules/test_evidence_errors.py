"""Everything malformed is refused with its place first."""

import copy
import json

import pytest

from sessions.rules import EvidenceError, parse
from tests.sessions.rules.builders import at, enrollment, evidence, facilitator, patient, session

S = "sessions[0]"
P = "sessions[0].patients[1]"


def whole():
    people = (
        patient("p1", "09:00-10:00", lobby_at=None, audio_only=[], camera_off=[]),
        patient("p2", "09:00-09:30", "09:40-10:00", "10:10-11:00"),
    )
    return evidence(
        session(*people, breaks=("10:30-10:45",), incidents=[], policy={}, cancelled_by_program=False),
        session(patient("p1", "13:00-14:00"), session_id="H", scheduled="13:00-14:00"),
        policy={},
        enrollments=(
            enrollment("p1", discharged_on=None, expected_rate=None, policy={}),
            enrollment("p2"),
        ),
    )


def put(path: str, value):
    """Set one place of a whole file; `-` removes it."""
    document = copy.deepcopy(whole())
    steps = [
        int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    holder = document
    for step in steps[:-1]:
        holder = holder[step]
    if value == "-":
        del holder[steps[-1]]
    else:
        holder[steps[-1]] = value
    return document


def refusal(source) -> str:
    text = source if isinstance(source, str | bytes) else json.dumps(source)
    with pytest.raises(EvidenceError) as caught:
        parse(text)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(caught.value.place + ": ")
    return line


def test_the_whole_file_is_well_formed():
    assert parse(json.dumps(whole())).sessions[1].id == "H"


REVERSED = [at("10:00"), at("09:00")]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("version", 2, "version: must be 1"),
        ("version", "1", "version: must be a whole number"),
        ("version", True, "version: must be a whole number"),
        ("version", 1.0, "version: must be a whole number"),
        ("version", "-", "version: missing"),
        ("as_of", "-", "as_of: missing"),
        ("as_of", None, "as_of: must be a string"),
        ("as_of", "2026-11-19", "as_of: not an RFC 3339 time with an offset"),
        ("program_tz", "Mars/Olympus", "program_tz: unknown time zone"),
        ("program_tz", "", "program_tz: unknown time zone"),
        ("program_tz", "America", "program_tz: unknown time zone"),
        ("program_tz", "../etc/passwd", "program_tz: unknown time zone"),
        ("program_tz", "/usr/share/zoneinfo/UTC", "program_tz: unknown time zone"),
        ("program_tz", "right/UTC", "program_tz: unknown time zone"),
        ("program_tz", "localtime", "program_tz: unknown time zone"),
        ("program_tz", 5, "program_tz: must be a string"),
        ("extra", 1, "extra: unknown key"),
        ("policy", None, "policy: must be an object"),
        ("policy", [], "policy: must be an object"),
        ("policy.colour", 1, "policy.colour: unknown parameter"),
        ("policy.weekly_target_min", 540, "policy.weekly_target_min: unknown parameter"),
        ("policy.group_max", -1, "policy.group_max: must not be negative"),
        ("policy.group_max", 1.5, "policy.group_max: must be a whole number"),
        ("policy.group_max", "12", "policy.group_max: must be a whole number"),
        ("policy.group_max", True, "policy.group_max: must be a whole number"),
        ("policy.group_max", None, "policy.group_max: must be a whole number"),
        ("policy.group_max", 10**50, "policy.group_max: too large"),
        ("policy.break_counts", 1, "policy.break_counts: must be true or false"),
        ("policy.break_counts", "true", "policy.break_counts: must be true or false"),
        ("policy.camera_policy", "off", "policy.camera_policy: must be one of advisory, credit"),
        ("policy.week_start", "Sun", "policy.week_start: must be one of MON, TUE, WED, THU, FRI, SAT, SUN"),
        ("policy.min_presence_ratio", 1.01, "policy.min_presence_ratio: must be a decimal from 0 to 1"),
        ("policy.min_presence_ratio", "-0.1", "policy.min_presence_ratio: must be a decimal from 0 to 1"),
        ("policy.min_presence_ratio", "half", "policy.min_presence_ratio: must be a decimal from 0 to 1"),
        ("policy.min_presence_ratio", "", "policy.min_presence_ratio: must be a decimal from 0 to 1"),
        ("policy.min_presence_ratio", " 0.5", "policy.min_presence_ratio: must be a decimal from 0 to 1"),
        ("policy.min_presence_ratio", "NaN", "policy.min_presence_ratio: must be a decimal from 0 to 1"),
        ("policy.min_presence_ratio", True, "policy.min_presence_ratio: must be a decimal from 0 to 1"),
        ("policy.min_presence_ratio", "1e-999999999", "policy.min_presence_ratio: too many digits"),
        ("policy.min_presence_ratio", "0." + "1" * 60, "policy.min_presence_ratio: too many digits"),
        ("sessions", {}, "sessions: must be an array"),
        ("sessions", "-", "sessions: missing"),
        ("enrollments", None, "enrollments: must be an array"),
        ("sessions[0]", 5, f"{S}: must be an object"),
        ("sessions[1].id", "G", "sessions[1].id: duplicate id"),
        (f"{S}.id", 5, f"{S}.id: must be a string"),
        (f"{S}.title", "x", f"{S}.title: unknown key"),
        (
            f"{S}.policy.week_start",
            "SUN",
            f"{S}.policy.week_start: this parameter cannot stand in the policy of a session",
        ),
        (f"{S}.scheduled_end", at("09:00"), f"{S}.scheduled_end: the scheduled span is empty"),
        (f"{S}.scheduled_end", at("08:59"), f"{S}.scheduled_end: ends before it starts"),
        (f"{S}.opened_at", None, f"{S}.ended_at: ended without opened_at"),
        (f"{S}.ended_at", at("08:59:59"), f"{S}.ended_at: ends before it starts"),
        (f"{S}.cancelled_by_program", None, f"{S}.cancelled_by_program: must be true or false"),
        (f"{S}.cancelled_by_program", 0, f"{S}.cancelled_by_program: must be true or false"),
        (f"{S}.breaks[0]", [at("09:00")], f"{S}.breaks[0]: must be a pair of times"),
        (f"{S}.breaks[0]", REVERSED, f"{S}.breaks[0]: ends before it starts"),
        (f"{S}.incidents", [REVERSED], f"{S}.incidents[0]: ends before it starts"),
        (f"{S}.incidents", None, f"{S}.incidents: must be an array"),
        (
            f"{S}.facilitators[0].presence[0]",
            REVERSED,
            f"{S}.facilitators[0].presence[0]: ends before it starts",
        ),
        (f"{S}.facilitators[0].lobby_at", None, f"{S}.facilitators[0].lobby_at: unknown key"),
        (f"{P}.presence[2]", REVERSED, f"{P}.presence[2]: ends before it starts"),
        (f"{P}.presence[2]", [1, 2], f"{P}.presence[2][0]: must be a string"),
        (f"{P}.presence", "-", f"{P}.presence: missing"),
        (f"{P}.audio_only", [REVERSED], f"{P}.audio_only[0]: ends before it starts"),
        (f"{P}.camera_off", [REVERSED], f"{P}.camera_off[0]: ends before it starts"),
        (f"{P}.id", "p1", f"{P}.id: duplicate id"),
        (f"{P}.id", "t1", f"{P}.id: duplicate id"),
        (f"{P}.lobby_at", "soon", f"{P}.lobby_at: not an RFC 3339 time with an offset"),
        ("enrollments[1].patient", "p1", "enrollments[1].patient: duplicate id"),
        ("enrollments[0].targets", [], "enrollments[0].targets: must not be empty"),
        (
            "enrollments[0].targets",
            [["2026-10-02", 1], ["2026-10-01", 2]],
            "enrollments[0].targets[1]: targets are not sorted by date",
        ),
        (
            "enrollments[0].targets",
            [["2026-10-01", 1], ["2026-10-01", 2]],
            "enrollments[0].targets[1]: targets are not sorted by date",
        ),
        (
            "enrollments[0].targets",
            [["2026-10-01"]],
            "enrollments[0].targets[0]: must be a pair of a date and minutes",
        ),
        (
            "enrollments[0].targets",
            [["2026-10-01", -1]],
            "enrollments[0].targets[0][1]: must not be negative",
        ),
        ("enrollments[0].targets", [["2026-13-01", 1]], "enrollments[0].targets[0][0]: no such day"),
        (
            "enrollments[0].admitted_on",
            "2026-2-1",
            "enrollments[0].admitted_on: not a date of the form YYYY-MM-DD",
        ),
        ("enrollments[0].admitted_on", None, "enrollments[0].admitted_on: must be a string"),
        (
            "enrollments[0].discharged_on",
            "2026-09-30",
            "enrollments[0].discharged_on: discharged before admitted",
        ),
        ("enrollments[0].expected_rate", 2, "enrollments[0].expected_rate: must be a decimal from 0 to 1"),
        (
            "enrollments[0].policy.group_max",
            2,
            "enrollments[0].policy.group_max: this parameter cannot stand in the policy of an enrollment",
        ),
    ],
)
def test_each_defect_is_named_at_its_place(path, value, line):
    assert refusal(put(path, value)) == line


@pytest.mark.parametrize(
    "key",
    [
        "id",
        "service_type",
        "scheduled_start",
        "scheduled_end",
        "opened_at",
        "ended_at",
        "breaks",
        "facilitators",
        "patients",
    ],
)
def test_the_keys_of_a_session_are_required(key):
    assert refusal(put(f"{S}.{key}", "-")) == f"{S}.{key}: missing"


@pytest.mark.parametrize("key", ["patient", "targets", "admitted_on"])
def test_the_keys_of_an_enrollment_are_required(key):
    assert refusal(put(f"enrollments[0].{key}", "-")) == f"enrollments[0].{key}: missing"


@pytest.mark.parametrize(
    "path",
    [
        "policy",
        "enrollments",
        f"{S}.cancelled_by_program",
        f"{S}.incidents",
        f"{S}.policy",
        f"{S}.patients[0].lobby_at",
        f"{S}.patients[0].audio_only",
        f"{S}.patients[0].camera_off",
        "enrollments[0].discharged_on",
        "enrollments[0].expected_rate",
        "enrollments[0].policy",
    ],
)
def test_optional_keys_may_be_missing(path):
    assert parse(json.dumps(put(path, "-")))


@pytest.mark.parametrize(
    "kind", ["twelve_step_external", "homework", "drug_alcohol_monitoring", "Group_Therapy", ""]
)
def test_types_outside_the_catalogue_are_refused(kind):
    assert refusal(put(f"{S}.service_type", kind)).startswith(f"{S}.service_type: must be one of ")


def test_presence_needs_an_opening():
    document = put(f"{S}.ended_at", None)
    document["sessions"][0]["opened_at"] = None
    assert refusal(document) == f"{S}.facilitators[0].presence[0]: presence in a session without opened_at"
    document["sessions"][0]["facilitators"] = [facilitator(name="t1")]
    assert refusal(document) == f"{S}.patients[0].presence[0]: presence in a session without opened_at"


@pytest.mark.parametrize(
    ("time", "problem"),
    [
        ("2026-11-17T09:00:00", "not an RFC 3339 time with an offset"),
        ("2026-11-17 09:00:00Z", "not an RFC 3339 time with an offset"),
        ("2026-11-17T09:00Z", "not an RFC 3339 time with an offset"),
        ("2026-11-17T09:00:00+0500", "not an RFC 3339 time with an offset"),
        ("2026-11-17T09:00:00.Z", "not an RFC 3339 time with an offset"),
        ("２026-11-17T09:00:00Z", "not an RFC 3339 time with an offset"),  # noqa: RUF001
        ("2026-11-17T09:00:00Z\n", "not an RFC 3339 time with an offset"),
        ("2016-12-31T23:59:60Z", "leap seconds are not accepted"),
        ("2026-11-17T09:00:61Z", "no such time of day"),
        ("2026-11-17T24:00:00Z", "no such time of day"),
        ("2026-11-17T09:60:00Z", "no such time of day"),
        ("2026-02-29T09:00:00Z", "no such day"),
        ("2026-11-17T09:00:00+24:00", "no such offset"),
        ("2026-11-17T09:00:00+05:60", "no such offset"),
        ("0001-01-01T00:00:00Z", "out of range"),
        ("9999-12-31T23:59:59Z", "out of range"),
    ],
)
def test_times_are_strict(time, problem):
    assert refusal(put(f"{S}.patients[0].lobby_at", time)) == f"{S}.patients[0].lobby_at: {problem}"


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-17T14:00:00Z",
        "2026-11-17t14:00:00z",
        "2026-11-17T09:00:00-05:00",
        "2026-11-17T14:00:00-00:00",
        "2026-11-17T14:00:00.123456789Z",
        "2026-11-18T03:59:00+13:59",
    ],
)
def test_the_same_instant_in_other_words(time):
    lobby_at = parse(json.dumps(put(f"{S}.patients[0].lobby_at", time))).sessions[0].patients[0].lobby_at
    assert lobby_at == 1_794_924_000


def test_as_of_may_be_the_end_of_time():
    assert parse(json.dumps(put("as_of", "9999-12-31T23:59:59Z")))


def test_repeated_keys_are_refused_wherever_they_stand():
    text = json.dumps(whole())
    assert refusal(text.replace('"version": 1', '"version": 1, "version": 1')) == "version: duplicate key"
    twice = text.replace('"id": "p2"', '"id": "p2", "id": "p2"')
    assert refusal(twice) == f"{P}.id: duplicate key"
    escaped = text.replace('"id": "p2"', '"id": "p2", "\\u0069d": "p3"')
    assert refusal(escaped) == f"{P}.id: duplicate key"
    in_policy = text.replace('"policy": {}', '"policy": {"group_max": 1, "group_max": 1}', 1)
    assert "group_max: duplicate key" in refusal(in_policy)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused(word):
    text = json.dumps(put("policy", {"min_presence_ratio": 12345}))
    assert refusal(text.replace("12345", word)).startswith("policy.min_presence_ratio: must be a decimal")
    text = json.dumps(put("policy", {"group_max": 12345}))
    assert refusal(text.replace("12345", word)) == "policy.group_max: must be a whole number"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("", "line 1 column 1: not JSON: Expecting value"),
        (
            '{"version": 1,\n  oops}',
            "line 2 column 3: not JSON: Expecting property name enclosed in double quotes",
        ),
        (b"\xff\xfe", "line 1: not UTF-8"),
        (b'{\n"a": "\xc3\x28"}', "line 2: not UTF-8"),
        (b'\n{"a": "\xc3\x28"}\n\n', "line 2: not UTF-8"),
        ("[]", "file: must be an object"),
        ("null", "file: must be an object"),
        ("[" * 100_000, "file: nested too deeply"),
        ('{"version": ' + "9" * 10_000 + "}", "version: too large"),
    ],
)
def test_what_is_not_json_is_refused_by_line(source, line):
    assert refusal(source) == line


def test_odd_keys_cannot_break_the_line():
    assert refusal(put("policy", {"a\nb": 1})) == 'policy["a\\nb"]: unknown parameter'


def test_a_huge_file_is_refused_before_it_is_read():
    from sessions.rules.document.strict_json import MAX_BYTES

    assert refusal(b" " * (MAX_BYTES + 1)) == f"file: larger than {MAX_BYTES} bytes"

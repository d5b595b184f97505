"""One whole readable answer, letter by letter: what an auditor prints and keeps."""

import json
from pathlib import Path

from sessions.rules import compute, parse
from sessions.rules.crediting.explain import explain
from tests.sessions.rules.builders import enrollment, evidence, not_opened, patient, session

GROUP = session(
    patient("p1", "09:12:20-10:02:00", "10:03:30-11:10:00", "11:17:10-12:09:00"),
    patient("p2", "09:00-12:15"),
    breaks=("10:30-10:45",),
)
TOO_SHORT_FOR_A_CODE = session(
    patient("p1", "14:00-14:10"),
    session_id="I",
    scheduled="14:00-15:00",
    service_type="individual_therapy",
)
AHEAD = not_opened(session(patient("p1"), session_id="T", day="2026-11-20", scheduled="09:00-10:00"))
WITHOUT_PATIENTS = not_opened(session(session_id="N", day="2026-11-21", scheduled="09:00-10:00"))
ENROLLED_ON_MONDAY = enrollment(admitted_on="2026-11-16", policy={"loc_ceiling_min": 100})


def test_the_answer_is_this_text():
    document = evidence(
        GROUP, TOO_SHORT_FOR_A_CODE, AHEAD, WITHOUT_PATIENTS, enrollments=(ENROLLED_ON_MONDAY,)
    )
    read = parse(json.dumps(document))
    expected = (Path(__file__).parent / "explained.txt").read_text(encoding="utf-8")
    assert explain(read, compute(read)) == expected


def test_without_sessions_there_is_one_line():
    read = parse(json.dumps(evidence()))
    assert explain(read, compute(read)) == "Credit as of Thu 2026-11-19 00:00:00 EST (2026-11-19T05:00:00Z)\n"

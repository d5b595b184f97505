"""The timeline and which kind wins (step 10)."""

from tests.sessions.rules.builders import evidence, kinds, patient, run, session, spans


def pieces(mine):
    return [(piece["from"][11:16], piece["to"][11:16], piece["kind"]) for piece in mine["timeline"]]


def first(*sessions):
    return run(evidence(*sessions))["sessions"][0]["patients"][0]


def test_every_kind_in_its_place():
    mine = first(
        session(
            patient("p1", "09:10-10:00", "10:01-12:15", audio_only=spans("11:30-11:40")),
            led=("09:00-11:00", "11:10-12:15"),
            breaks=("10:30-10:45",),
            policy={"audio_only_policy": "deny"},
        )
    )
    assert pieces(mine) == [
        ("14:00", "14:10", "absent"),
        ("14:10", "15:00", "credited"),
        ("15:00", "15:01", "bridged"),
        ("15:01", "15:30", "credited"),
        ("15:30", "15:45", "break"),
        ("15:45", "16:00", "credited"),
        ("16:00", "16:10", "no_facilitator"),
        ("16:10", "16:30", "credited"),
        ("16:30", "16:40", "excluded_modality"),
        ("16:40", "17:15", "credited"),
    ]


def test_a_break_wins_over_everything():
    mine = first(
        session(
            patient("p1"),
            patient("p2", "09:00-12:15"),
            breaks=("10:00-11:00",),
            led=("09:00-10:30", "11:00-12:15"),
        )
    )
    assert kinds(mine) == ["absent", "break", "absent"]


def test_absent_wins_over_no_facilitator_and_that_over_modality():
    mine = first(
        session(
            patient("p1", "09:00-10:00", "11:00-12:15", audio_only=spans("09:00-12:15")),
            led=("09:00-09:30", "11:30-12:15"),
            policy={"audio_only_policy": "deny"},
        )
    )
    assert pieces(mine) == [
        ("14:00", "14:30", "excluded_modality"),
        ("14:30", "15:00", "no_facilitator"),
        ("15:00", "16:00", "absent"),
        ("16:00", "16:30", "no_facilitator"),
        ("16:30", "17:15", "excluded_modality"),
    ]


def test_modality_wins_over_a_bridge():
    mine = first(
        session(
            patient("p1", "09:00-10:00", "10:02-12:15", audio_only=spans("10:01-10:03")),
            policy={"audio_only_policy": "deny"},
        )
    )
    assert pieces(mine) == [
        ("14:00", "15:00", "credited"),
        ("15:00", "15:01", "bridged"),
        ("15:01", "15:03", "excluded_modality"),
        ("15:03", "17:15", "credited"),
    ]
    assert "BRIDGED" in mine["flags"]


def test_lost_time_that_did_not_qualify_is_named_by_its_own_reason():
    later = session(patient("p1", "09:30-12:15"), session_id="B", led=("09:00-10:00", "10:30-12:15"))
    earlier = session(patient("p1", "09:00-11:00"), session_id="A")
    assert pieces(first(later, earlier)) == [
        ("14:00", "14:30", "absent"),
        ("14:30", "15:00", "overlap"),
        ("15:00", "15:30", "no_facilitator"),
        ("15:30", "16:00", "overlap"),
        ("16:00", "17:15", "credited"),
    ]


def test_a_facilitator_bridge_is_credited_time():
    mine = first(session(patient("p1", "09:00-12:15"), led=("09:00-10:00", "10:02-12:15")))
    assert kinds(mine) == ["credited"]

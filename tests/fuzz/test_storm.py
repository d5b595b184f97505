"""20 000 things that are almost right: from strangers, in others' names, and from somebody with keys."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.relay.compiled import library
from tests.fuzz import packets, texts
from tests.fuzz.hostile import OFFERS
from tests.fuzz.intake import Intake
from tests.fuzz.storm import Storm
from tests.patience import PATIENCE_SECONDS
from tests.relay import planes

WARM_UP = 4_000
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(("plane", "cases"), [("python", 12_000), ("compiled", 8_000)])
def test_nothing_that_is_sent_breaks_grows_or_reaches_others(tmp_path: Path, plane: str, cases: int) -> None:
    with planes.forwarding(plane):
        storm = Storm(tmp_path, seed=1)
    storm.run(WARM_UP)
    before = storm.objects()
    storm.run(cases)
    assert storm.objects() - before < 1_000
    storm.settle()
    assert storm.sizes() == storm.quiet
    assert storm.alive() <= storm.alive_before, "somebody holds on to what is gone"
    dropped = storm.world.counters.dropped
    reached = {
        "unproven_address",
        "stun_unknown",
        "stun_malformed",
        "stun_unauthenticated",
        "dtls_unwanted",
        "srtp_or_rtp_invalid",
        "unpublished",
        "rtp_on_subscribe",
    }
    assert all(dropped[reason] > 50 for reason in reached), "the cases go deep enough to mean something"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_seed_makes_the_same_cases(seed: int) -> None:
    def made() -> list[bytes | str]:
        rng = random.Random(seed)
        return [
            packets.dtls(rng),
            packets.rtp(rng, 1, 2, 3, [(4, b"0")]),
            packets.rtcp(rng, [1, 2]),
            texts.description(rng, OFFERS[0]),
            texts.message(rng, {"id": 1, "op": "stats"}),
        ]

    assert made() == made()


def fuzz(*options: str) -> subprocess.CompletedProcess[str]:
    """Fuzz by the command."""
    command = [sys.executable, "-m", "tests.fuzz", *options]
    most = 10 * PATIENCE_SECONDS
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=most, check=False)


def test_c_reads_and_writes_nothing_that_is_not_its_own() -> None:
    done = fuzz("--sanitize", "--cases", "800", "--seed", "4")
    assert done.returncode == 0, done.stderr
    assert "seed 4: 800 calls of fan_out" in done.stdout
    assert "seed 4: 800 calls of take_in" in done.stdout
    assert "seed 4: 800 cases" in done.stdout
    assert "Sanitizer" not in done.stderr


def test_c_takes_in_what_the_model_says_and_leaves_the_rest_as_it_came() -> None:
    calls = Intake(library.load(), seed=2)
    calls.run(400)
    calls.close()
    reached = {"left": 2_000, "taken": 1_000, "forged": 25, "out of the ordinary": 10, "recorded": 500}
    reached |= {"read": 200, "sent": 100, "refused": 20, "failed": 100, "unprotectable": 100}
    assert all(calls.told[what] > least for what, least in reached.items()), calls.told


def test_the_long_run_by_command_tells_what_it_did() -> None:
    done = fuzz("--cases", "300", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert "seed 3: 300 cases" in done.stdout
    assert "unproven_address" in done.stdout

"""20 000 things that are almost right: from strangers, in others' names, and from somebody with keys."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import packets, texts
from tests.fuzz.hostile import OFFERS
from tests.fuzz.storm import Storm
from tests.relay import planes

WARM_UP, CASES = 4_000, 16_000
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(("plane", "cases"), [("python", CASES), ("compiled", CASES // 2)])
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


def test_c_reads_and_writes_nothing_that_is_not_its_own() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--sanitize", "--cases", "1500", "--seed", "4"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "seed 4: 1500 calls of C" in done.stdout
    assert "seed 4: 1500 cases" in done.stdout
    assert "Sanitizer" not in done.stderr


def test_the_long_run_by_command_tells_what_it_did() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--cases", "300", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "seed 3: 300 cases" in done.stdout
    assert "unproven_address" in done.stdout

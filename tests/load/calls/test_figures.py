"""From windows to figures, from figures to a table: what counts, what does not, and where it is written."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.load.calls import media, report, table
from tests.load.calls.call import Shape, Window
from tests.load.calls.figures import Band, band, figures, quantile
from tests.load.calls.floor import Floor, measure
from tests.load.calls.machine import Memory
from tests.load.calls.relays.known import JANUS, PYTHON
from tests.load.calls.runs import Run, nearest

MILLISECOND = 1_000_000
WINDOW = Window(
    seconds=10,
    relay_cpu=2,
    generator_cpu=5,
    spinners_cpu=12,
    stolen=0.5,
    sent=10_000,
    arrived=99_000,
    span=100_000,
    expected=110_000,
    delays_ns=tuple(number * MILLISECOND for number in range(1, 101)),
    joins_ns=(40 * MILLISECOND, 60 * MILLISECOND),
    refused=0,
    unsent=0,
    keyframe_requests=0,
    turns=1000,
    late=10,
    peers=24,
    memory_before=Memory(rss=100 * 1024, pss=50 * 1024),
    memory_after=Memory(rss=2500 * 1024, pss=1250 * 1024),
)
GROUP = Shape("group of 12", 1, 12)
FLOOR = Floor(5.5, 3.3, 1.5, 1.8, 1000)


def run(relay: str, relay_cpu: float, **changes: object) -> Run:
    changed = dataclasses.replace(WINDOW, relay_cpu=relay_cpu, **changes)  # type: ignore[arg-type]
    return Run(GROUP, relay, figures(changed))


def test_a_window_becomes_figures() -> None:
    found = figures(WINDOW)
    assert found.cpu_us == pytest.approx(2e6 / 99_000)
    assert found.core_percent == pytest.approx(20)
    assert found.packets_per_second == pytest.approx(9_900)
    assert found.delay_ms == (51, 96, 100)
    assert found.loss_percent == pytest.approx(1)
    assert found.arrived_percent == pytest.approx(90)
    assert found.join_ms == (60, 60)
    assert found.rss_kib == pytest.approx(100)
    assert found.pss_kib == pytest.approx(50)
    assert found.others_percent == pytest.approx(5)
    assert found.stolen_percent == pytest.approx(5)
    assert found.void == ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"generator_cpu": 7.1}, "generator took 71 %"),
        ({"late": 11}, "late with 1.1 %"),
        ({"unsent": 1}, "did not leave"),
        ({"arrived": 0, "span": 0}, "nothing arrived"),
    ],
)
def test_a_run_in_which_the_load_itself_failed_is_void(changes: dict[str, object], why: str) -> None:
    spoilt = dataclasses.replace(WINDOW, **changes)  # type: ignore[arg-type]
    (void,) = figures(spoilt).void
    assert why in void


def test_a_void_run_is_in_no_median() -> None:
    good, bad = figures(WINDOW), figures(dataclasses.replace(WINDOW, relay_cpu=9, generator_cpu=9))
    assert band([good, bad], lambda each: each.core_percent) == Band(20, 20, 20)
    assert band([bad], lambda each: each.core_percent) is None


def test_a_ratio_is_as_wide_as_both_bands_allow() -> None:
    ratio = Band(10, 8, 12).over(Band(20, 16, 24))
    assert (ratio.middle, ratio.least, ratio.most) == pytest.approx((0.5, 1 / 3, 0.75))


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert quantile([], 0.95) == 0
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([1], 0.99) == 1


def test_the_table_compares_with_the_named_baselines() -> None:
    runs = [run(PYTHON, 1.0), run(JANUS, 2.0), run(PYTHON, 1.2), run(JANUS, 2.4, generator_cpu=9)]
    head, _, mine, theirs = table.markdown(runs).splitlines()
    assert "/ janus" in head
    assert len({line.count("|") for line in (head, mine, theirs)}) == 1
    assert "0.55 [0.50-0.60]" in mine
    assert "2 of 2" in mine
    assert "1.00 [1.00-1.00]" in theirs
    assert "1 of 2" in theirs
    assert table.failures(runs) == ["group of 12, janus: void, the generator took 90 % of its core"]


def test_a_relay_that_failed_has_a_row_and_a_reason() -> None:
    runs = [Run(GROUP, JANUS, None, "it broke")]
    assert "| janus | - |" in table.markdown(runs)
    silent = table.markdown([run(JANUS, 1.0, delays_ns=())])
    assert "0.0 / 0.0" not in silent
    assert "failed: it broke" in table.line(runs[0])
    assert table.failures(runs) == ["group of 12, janus: it broke"]


def test_the_run_nearest_to_the_wanted_load_is_shown() -> None:
    below, beyond, failed = run(PYTHON, 6.5), run(PYTHON, 9.5), Run(GROUP, PYTHON, None, "broken")
    assert nearest([below, beyond, failed]) is below
    assert nearest([failed]) is failed


def test_a_table_that_was_made_on_a_busy_machine_says_so() -> None:
    idle, busy = run(PYTHON, 1.0, spinners_cpu=13.4), run(PYTHON, 1.0, spinners_cpu=3)
    assert table.warnings([idle]) == []
    (said,) = table.warnings([busy])
    assert "other processes had 105 % of a core" in said


def _report() -> report.Report:
    at = datetime(2026, 11, 22, 5, tzinfo=UTC)
    return report.Report(at, "the command", 6, 0.5, 3.0, FLOOR, [run(PYTHON, 1.0)], [])


def test_the_file_holds_every_run() -> None:
    held = json.loads(_report().json())
    assert held["runs"][0]["shape"]["people"] == 12
    assert held["runs"][0]["figures"]["cpu_us"] == pytest.approx(1e6 / 99_000)
    assert held["floor"]["tight_us"] == 3.3
    assert {"cores", "processor", "kernel"} <= set(held["machine"])


def test_the_table_is_renewed_between_its_markers_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write_into(document, _report().markdown())
    text = document.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n2026-11-22 05:00 UTC, `the command`")
    assert text.endswith(f"{report.END}\nafter\n")
    assert "old" not in text
    report.write_into(document, "again")
    assert "the command" not in document.read_text()


def test_a_document_without_markers_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("before")
    with pytest.raises(report.NoPlaceError, match="lacks the lines"):
        report.write_into(document, "text")
    assert document.read_text() == "before"


def test_the_floor_is_measured_on_real_sockets() -> None:
    found = measure(media.encode(frames=5, voices=5), "127.0.0.1", 220)
    assert found.packets == 220
    assert found.tight_us == pytest.approx(found.tight_protect_us + found.tight_send_us)
    assert found.python_us > 0
    assert found.tight_us > 0

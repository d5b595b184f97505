"""The figures as text: a line while it runs, a table at the end."""

from collections.abc import Callable, Sequence

from tests.load.calls.figures import Band, Figures, band
from tests.load.calls.floor import Floor
from tests.load.calls.relays.known import JANUS, MEANINGS, TUNED
from tests.load.calls.runs import Run

IDLE_PERCENT = 10.0
BASELINES = (JANUS, TUNED)
_COLUMNS = (
    *("Calls", "Relay", "CPU a packet", f"/ {JANUS}", f"/ {TUNED}", "Core", "Packets/s"),
    *("Delay p50 / p95 / p99", "Lost", "Arrived", "Join p50 / p95", "RSS a peer", "Others, stolen", "Runs"),
)
Number = Callable[[Figures], float]
Numbers = Callable[[Figures], Sequence[float]]


def line(run: Run) -> str:
    """Say in a line what a run has shown."""
    where = f"{run.shape.name:15} {run.relay:13}"
    each = run.figures
    if each is None:
        return f"{where} failed: {run.failure}"
    words = (
        f"{each.cpu_us:6.2f} us {each.core_percent:5.1f} % {each.packets_per_second:6.0f}/s "
        f" delay {_slashed(each.delay_ms, 2)} ms  lost {each.loss_percent:.3f} %"
        f" arrived {each.arrived_percent:.1f} %  join {_slashed(each.join_ms, 0)} ms  {each.rss_kib:.0f} KiB "
        f" generator {each.generator_percent:.0f} % late {each.late_percent:.2f} %"
        f" others {each.others_percent:.0f} % stolen {each.stolen_percent:.0f} %"
    )
    return where + words + "".join(f"; VOID: {why}" for why in each.void)


def markdown(runs: Sequence[Run]) -> str:
    """Return the table of all runs, a row for each relay on each shape."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
    for shape, relay in dict.fromkeys((run.shape.name, run.relay) for run in runs):
        mine = _of(runs, shape, relay)
        tried = sum((run.shape.name, run.relay) == (shape, relay) for run in runs)
        row = (
            shape,
            relay,
            _banded(mine, lambda each: each.cpu_us),
            *(_ratio(mine, _of(runs, shape, name)) for name in BASELINES),
            _one(mine, lambda each: each.core_percent, 0, " %"),
            _one(mine, lambda each: each.packets_per_second, 0),
            _several(mine, 3, lambda each: each.delay_ms, 1),
            _one(mine, lambda each: each.loss_percent, 3, " %"),
            _one(mine, lambda each: each.arrived_percent, 1, " %"),
            _several(mine, 2, lambda each: each.join_ms, 0),
            _one(mine, lambda each: each.rss_kib, 0, " KiB"),
            _shares(mine),
            f"{sum(not each.void for each in mine)} of {tried}",
        )
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def legend(runs: Sequence[Run]) -> str:
    """Say what the names of the relays mean."""
    names = dict.fromkeys(run.relay for run in runs)
    return "; ".join(f"{name}: {MEANINGS[name]}" for name in names) + "."


def floor_line(floor: Floor) -> str:
    """Say what a packet costs at least."""
    return (
        f"Floor, CPU a packet: {floor.tight_us:.1f} µs to encrypt in place ({floor.tight_protect_us:.1f}) and"
        f" send eleven a system call ({floor.tight_send_us:.1f}); {floor.python_us:.1f} µs in plain Python."
    )


def warnings(runs: Sequence[Run]) -> list[str]:
    """Say so when somebody else used the machine while it was measured."""
    found = band([run.figures for run in runs if run.figures is not None], lambda each: each.others_percent)
    if found is None or found.middle < IDLE_PERCENT:
        return []
    return [
        f"**The machine was not idle:** other processes had {found.middle:.0f} % of a core"
        f" [{found.least:.0f}-{found.most:.0f}] meanwhile, and its caches with it. Such figures are high and"
        " ratios uncertain; those of small shapes most."
    ]


def failures(runs: Sequence[Run]) -> list[str]:
    """Say which runs failed or do not count, and why."""
    found = [f"{run.shape.name}, {run.relay}: {run.failure}" for run in runs if run.figures is None]
    for run in runs:
        if run.figures is not None:
            found += [f"{run.shape.name}, {run.relay}: void, {why}" for why in run.figures.void]
    return list(dict.fromkeys(found))


def _of(runs: Sequence[Run], shape: str, relay: str) -> list[Figures]:
    found = [run.figures for run in runs if (run.shape.name, run.relay) == (shape, relay)]
    return [each for each in found if each is not None]


def _ratio(mine: Sequence[Figures], theirs: Sequence[Figures]) -> str:
    ours, base = band(mine, lambda each: each.cpu_us), band(theirs, lambda each: each.cpu_us)
    return "-" if ours is None or base is None else _with_ends(ours.over(base), 2)


def _banded(figures: Sequence[Figures], of: Number) -> str:
    found = band(figures, of)
    return "-" if found is None else _with_ends(found, 1) + " µs"


def _with_ends(found: Band, digits: int) -> str:
    return f"{found.middle:.{digits}f} [{found.least:.{digits}f}-{found.most:.{digits}f}]"


def _one(figures: Sequence[Figures], of: Number, digits: int, unit: str = "") -> str:
    found = band(figures, of)
    return "-" if found is None else f"{found.middle:.{digits}f}{unit}"


def _several(figures: Sequence[Figures], count: int, of: Numbers, digits: int) -> str:
    bands = [band(figures, lambda each, at=at: of(each)[at]) for at in range(count)]  # type: ignore[misc]
    found = [f"{each.middle:.{digits}f}" for each in bands if each is not None]
    # A relay that encodes anew sends on no time of departure: nothing to measure is not no delay.
    is_measured = any(each.middle for each in bands if each is not None)
    return " / ".join(found) + " ms" if is_measured else "-"


def _shares(figures: Sequence[Figures]) -> str:
    found = [band(figures, of) for of in (lambda each: each.others_percent, lambda each: each.stolen_percent)]
    return ", ".join(f"{each.middle:.0f} %" for each in found if each is not None) or "-"


def _slashed(values: Sequence[float], digits: int) -> str:
    return "/".join(f"{each:.{digits}f}" for each in values)

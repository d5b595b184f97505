"""The figures as text: a line while it runs, a table at the end."""

from collections.abc import Callable, Sequence

from tests.load.calls.figures import Band, Figures, band
from tests.load.calls.runs import Run

BASELINES = ("janus", "janus-loops1")
HEAD = (
    "| Calls | Relay | CPU a packet | to Janus | to Janus tuned | Core | Packets/s | Delay p50 / p95 / p99 | Lost"
    " | Join p50 / p95 | Memory a peer | Runs |"
)


def line(run: Run) -> str:
    """Say in a line what a run has shown."""
    where = f"{run.shape.name:14} {run.relay:16}"
    each = run.figures
    if each is None:
        return f"{where} failed: {run.failure}"
    words = (
        f"{each.cpu_us:6.2f} us {each.core_percent:5.1f} % {each.packets_per_second:7.0f}/s"
        f"  delay {_slashed(each.delay_ms)} ms  lost {each.loss_percent:.3f} % arrived {each.arrived_percent:.1f} %"
        f"  join {_slashed(each.join_ms, 0)} ms  {each.rss_kib:.0f} KiB"
        f"  generator {each.generator_percent:.0f} % late {each.late_percent:.2f} %"
    )
    return f"{where} {words}{''.join(f'; VOID: {why}' for why in each.void)}"


def markdown(runs: Sequence[Run]) -> str:
    """Return the table of all runs, a row for each relay on each shape."""
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1)]
    cells = dict.fromkeys((run.shape, run.relay) for run in runs)
    for shape, relay in cells:
        mine = _figures(runs, shape.name, relay)
        tried = sum(run.shape == shape and run.relay == relay for run in runs)
        ratios = [_ratio(mine, _figures(runs, shape.name, name)) for name in BASELINES]
        words = [shape.name, relay, _banded(mine, lambda each: each.cpu_us, " µs"), *ratios]
        words += [_middle(mine, lambda each: each.core_percent, 0, " %")]
        words += [_middle(mine, lambda each: each.packets_per_second, 0)]
        words += [_several(mine, lambda each: each.delay_ms, 3, 1)]
        words += [_middle(mine, lambda each: each.loss_percent, 3, " %")]
        words += [_several(mine, lambda each: each.join_ms, 2, 0)]
        words += [_middle(mine, lambda each: each.rss_kib, 0, " KiB")]
        words += [f"{sum(not each.void for each in mine)} of {tried}"]
        lines.append("| " + " | ".join(words) + " |")
    return "\n".join(lines)


def _figures(runs: Sequence[Run], shape: str, relay: str) -> list[Figures]:
    return [
        run.figures
        for run in runs
        if run.shape.name == shape and run.relay == relay and run.figures is not None
    ]


def _ratio(mine: Sequence[Figures], theirs: Sequence[Figures]) -> str:
    ours, base = band(mine, lambda each: each.cpu_us), band(theirs, lambda each: each.cpu_us)
    return "-" if ours is None or base is None else _with_ends(ours.over(base), 2)


def _banded(figures: Sequence[Figures], of: Callable[[Figures], float], unit: str) -> str:
    found = band(figures, of)
    return "-" if found is None else _with_ends(found, 1) + unit


def _with_ends(found: Band, digits: int) -> str:
    return f"{found.middle:.{digits}f} [{found.least:.{digits}f}-{found.most:.{digits}f}]"


def _middle(figures: Sequence[Figures], of: Callable[[Figures], float], digits: int, unit: str = "") -> str:
    found = band(figures, of)
    return "-" if found is None else f"{found.middle:.{digits}f}{unit}"


def _several(
    figures: Sequence[Figures], of: Callable[[Figures], Sequence[float]], count: int, digits: int
) -> str:
    found = [_middle(figures, lambda each, index=index: of(each)[index], digits) for index in range(count)]  # type: ignore[misc]
    return "-" if "-" in found else " / ".join(found) + " ms"


def _slashed(values: Sequence[float], digits: int = 2) -> str:
    return "/".join(f"{each:.{digits}f}" for each in values)

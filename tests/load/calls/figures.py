"""From what a window has shown to figures, from the figures of several runs to a row with its noise band."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.load.calls.call import Window

GENERATOR_LIMIT_PERCENT = 70.0
LATE_LIMIT_PERCENT = 1.0
# Of one core. The kernel bills more than half of such time to whoever was running.
STOLEN_LIMIT_PERCENT = 10.0


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. `cpu_us` is CPU of the relay per packet that arrived; `void` says why it does not count.

    `delay_ms` is from before the sender protects a voice packet to when the receiver's kernel has it.
    `loss_percent` are holes in the numbers of what arrived; `arrived_percent` is of what should have: what
    was sent, times whom it was for. `others_percent` is what other processes took of the two
    cores, `stolen_percent` what the host of a virtual machine did, both in percent of one core.
    """

    cpu_us: float
    core_percent: float
    packets_per_second: float
    delay_ms: tuple[float, float, float]
    loss_percent: float
    arrived_percent: float
    join_ms: tuple[float, float]
    rss_kib: float
    pss_kib: float
    generator_percent: float
    late_percent: float
    others_percent: float
    stolen_percent: float
    refused: int
    void: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """The median of several runs, between the least and the most."""

    middle: float
    least: float
    most: float

    def over(self, other: "Band") -> "Band":
        """Return the ratio to another; its ends are the worst that both bands allow."""
        return Band(self.middle / other.middle, self.least / other.most, self.most / other.least)


def figures(window: Window) -> Figures:
    """Return the figures of one window; a window in which nothing arrived is void."""
    arrived = max(window.arrived, 1)
    grown = window.memory_after.rss - window.memory_before.rss
    grown_pss = window.memory_after.pss - window.memory_before.pss
    delays = [each / 1e6 for each in window.delays_ns]
    joins = [each / 1e6 for each in window.joins_ns]
    generator = 100 * window.generator_cpu / window.seconds
    late = 100 * window.late / max(window.turns, 1)
    arrived_percent = 100 * window.arrived / max(window.expected, 1)
    return Figures(
        cpu_us=1e6 * window.relay_cpu / arrived,
        core_percent=100 * window.relay_cpu / window.seconds,
        packets_per_second=window.arrived / window.seconds,
        delay_ms=(quantile(delays, 0.50), quantile(delays, 0.95), quantile(delays, 0.99)),
        loss_percent=100 * max(window.span - window.arrived, 0) / max(window.span, 1),
        arrived_percent=arrived_percent,
        join_ms=(quantile(joins, 0.50), quantile(joins, 0.95)),
        rss_kib=grown / 1024 / window.peers,
        pss_kib=grown_pss / 1024 / window.peers,
        generator_percent=generator,
        late_percent=late,
        others_percent=_others(window),
        stolen_percent=100 * window.stolen / window.seconds,
        refused=window.refused,
        void=tuple(_voids(window, generator, late)),
    )


def _others(window: Window) -> float:
    """Return what is missing of two cores that spinners keep busy, in percent of one core."""
    if not window.spinners_cpu:
        return 0.0
    used = window.relay_cpu + window.generator_cpu + window.spinners_cpu + window.stolen
    return max(0.0, 100 * (2 - used / window.seconds))


def _voids(window: Window, generator: float, late: float) -> list[str]:
    found = []
    if generator > GENERATOR_LIMIT_PERCENT:
        found.append(f"the generator took {generator:.0f} % of its core")
    if late > LATE_LIMIT_PERCENT:
        found.append(f"the generator was late with {late:.1f} % of what it sent")
    stolen = 100 * window.stolen / window.seconds
    if stolen > STOLEN_LIMIT_PERCENT:
        found.append(f"{stolen:.0f} % of a core was taken from this virtual machine")
    if window.unsent:
        found.append(f"{window.unsent} datagrams did not leave the generator")
    if not window.arrived:
        found.append("nothing arrived")
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies; 0 if there are none."""
    if not values:
        return 0.0
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def band(runs: Sequence[Figures], of: Callable[[Figures], float]) -> Band | None:
    """Return median and extremes over the runs that count; None if none does."""
    values = [of(each) for each in runs if not each.void]
    if not values:
        return None
    return Band(statistics.median(values), min(values), max(values))

"""What breaks in a schedule, and how it is put right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from channels.layers import channel_layers

from tests.faults.edges import AwayLayer
from tests.faults.plan import Moment
from tests.faults.simulated_time import SECOND

if TYPE_CHECKING:
    from tests.faults.world import World


class Breakage:
    """Let the faults of a plan begin and end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._faults = list(world.plan.faults)
        self._heals: list[tuple[int, Callable[[], None]]] = []
        self._relay_starts_at: int | None = world.clocks.ms

    @property
    def is_over(self) -> bool:
        """Say whether everything has broken and is well again."""
        return not (self._faults or self._heals)

    def follow(self) -> None:
        """Put right what is due, let begin what is due, start the relay again."""
        ms = self._world.clocks.ms
        for due, heal in [each for each in self._heals if each[0] <= ms]:
            heal()
            self._heals.remove((due, heal))
        while self._faults and self._faults[0].ms <= ms:
            self._break(self._faults.pop(0))
        starts_at = self._relay_starts_at
        if self._world.relay.boot is None and starts_at is not None and ms >= starts_at:
            self._world.relay.start()

    def _break(self, fault: Moment) -> None:
        machine = self._world.machine
        match fault.kind:
            case "relay_killed" if self._world.relay.boot is not None:
                boot = self._world.relay.boot.name
                self._world.relay.kill(is_torn=bool(fault.detail))
                for one in self._world.truth.witnessed.values():
                    if one.boot == boot and one.died_at is None:
                        one.died_at = self._world.clocks.ms
                self._relay_starts_at = self._world.clocks.ms + fault.lasts_ms
            case "web_killed" | "worker_killed":
                machine.steps.arm(fault.kind.removesuffix("_killed"), fault.detail)
            case "database_away":
                machine.door.away_after = fault.detail
                self._heal_in(fault, lambda: setattr(machine.door, "away_after", None))
            case "redis_away":
                machine.shared_leases.is_away = True
                channel_layers.set("default", AwayLayer())
                self._heal_in(fault, lambda: self._redis_back(is_empty=bool(fault.detail)))
                for person in self._world.people:
                    person.has_socket = False
            case "link_cut":
                machine.weather.is_cut = True
                self._heal_in(fault, lambda: setattr(machine.weather, "is_cut", False))
            case "link_bad":
                weather, share = machine.weather, fault.detail / 100
                weather.lost = weather.answer_lost = weather.doubled = weather.late = share / 4
                weather.clock_error_ms = 300
                self._heal_in(fault, self._good_weather)
            case "clock_step":
                self._world.clocks.step(fault.detail * SECOND)

    def _heal_in(self, fault: Moment, heal: Callable[[], None]) -> None:
        self._heals.append((self._world.clocks.ms + fault.lasts_ms, heal))

    def _redis_back(self, *, is_empty: bool) -> None:
        self._world.machine.shared_leases.is_away = False
        channel_layers.backends.pop("default", None)
        if is_empty:
            self._world.machine.shared_leases.wipe()

    def _good_weather(self) -> None:
        weather = self._world.machine.weather
        weather.lost = weather.answer_lost = weather.doubled = weather.late = 0.0
        weather.clock_error_ms = 0

"""The comparison: what is run in which order, what is encoded, what is said when something is missing."""

from dataclasses import dataclass, field

import pytest

from tests.load.calls import __main__ as command
from tests.load.calls import media, namespace, options, sdp
from tests.load.calls.call import Shape
from tests.load.calls.plans import FORWARDERS, GROUP, Cell, Plan
from tests.load.calls.relays import Place, RelayFailedError, RelayMissingError
from tests.load.calls.relays.known import MEANINGS, REENCODE, RELAYS
from tests.load.calls.runs import FAILURES, Bench

FOOTAGE = media.encode(frames=30, voices=5)


@dataclass
class Absent:
    """A relay that cannot be started; it remembers who tried."""

    name: str
    error: Exception
    log: list[str] = field(default_factory=list)
    pid: int = 0

    def __call__(self, place: Place) -> "Absent":
        return self

    def start(self) -> None:
        self.log.append(self.name)
        raise self.error

    def stop(self) -> None:
        self.log.append(f"{self.name} stopped")

    def join(self, room: str, participant: str) -> None:
        raise AssertionError

    def publish(self, room: str, participant: str, offer_sdp: str) -> str:
        raise AssertionError

    def subscribe(self, room: str, participant: str, publishers: int) -> str:
        raise AssertionError

    def subscribed(self, room: str, participant: str, answer_sdp: str) -> None:
        raise AssertionError

    def keepalive(self) -> None:
        raise AssertionError


def test_relays_take_turns_and_one_that_fails_again_is_tried_no_more() -> None:
    log: list[str] = []
    relays = {name: Absent(name, RelayFailedError("broken"), log) for name in "ab"}
    plan = Plan([Cell(Shape("two", 1, 2), ("a", "b"), FAILURES + 1)], seconds=1)
    runs = list(Bench(relays, "127.0.0.1", FOOTAGE).run_all(plan))
    assert [run.relay for run in runs] == ["a", "b"] * FAILURES
    assert all("broken" in run.failure and run.figures is None for run in runs)
    assert log[:4] == ["a", "a stopped", "b", "b stopped"]


def test_what_is_missing_is_said_before_anything_is_measured() -> None:
    relays = {"a": Absent("a", RelayMissingError("apt install a"))}
    with pytest.raises(RelayMissingError, match="apt install a"):
        Bench(relays, "127.0.0.1", FOOTAGE).preflight(["a"])
    assert relays["a"].log == ["a", "a stopped"]


def test_the_search_for_a_full_core_ends_when_a_relay_fails() -> None:
    relays = {"a": Absent("a", RelayFailedError("broken"))}
    assert len(list(Bench(relays, "127.0.0.1", FOOTAGE).fill("a", 1))) == 1


def test_without_options_everything_that_is_claimed_is_measured() -> None:
    plan = options.plan(options.parse([]))
    shapes = {(cell.shape.groups, cell.shape.people): cell for cell in plan.cells}
    assert {(6, 2), (1, 4), (1, 8), (1, 12), (1, 16), (2, 12), (3, 12), (4, 12)} <= set(shapes)
    assert all(cell.relays == FORWARDERS for cell in plan.cells if cell.shape.publishers is None)
    (lecture,) = [cell for cell in plan.cells if cell.shape.publishers == 1]
    assert lecture.shape.people == 7
    assert REENCODE in lecture.relays
    assert plan.filled == FORWARDERS


def test_the_quick_comparison_is_the_group_of_twelve() -> None:
    plan = options.plan(options.parse(["--quick", "--relay", "ours", "janus"]))
    assert plan.cells == [Cell(GROUP, ("ours", "janus"), 2)]
    assert not plan.filled


def test_one_shape_can_be_asked_for() -> None:
    plan = options.plan(options.parse(["--people", "4", "--groups", "3", "--repetitions", "5"]))
    assert plan.cells == [Cell(Shape("3 x 4", 3, 4), ("ours",), 5)]
    assert len(plan) == 5


def test_every_relay_has_a_meaning() -> None:
    assert set(MEANINGS) == set(RELAYS)


def test_who_may_not_have_a_network_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CALLS_INSIDE_NAMESPACE", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert command.main(["--quick"]) == 2
    assert "apt install util-linux" in capsys.readouterr().err
    assert "as root" in namespace.NOT_ALLOWED


def test_one_core_is_not_enough(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert command.main(["--quick"]) == 2
    assert "two cores" in capsys.readouterr().err


def test_the_footage_is_one_key_frame_and_what_follows_from_it() -> None:
    keys = [not frame[0][4] & 1 for frame in FOOTAGE.frames]
    assert keys == [True] + [False] * 29
    assert all(len(payload) <= 1300 for frame in FOOTAGE.frames for payload in frame)
    assert {len(voice) for voice in FOOTAGE.voices} == {80}


def test_picture_ids_go_on_when_the_footage_begins_anew() -> None:
    payload = FOOTAGE.frames[3][0]
    shown = media.with_picture_id(payload, 0x8005)
    assert shown[:2] + shown[4:] == payload[:2] + payload[4:]
    assert shown[2:4] == b"\x80\x05"


def test_publishers_do_not_begin_anew_together() -> None:
    lengths = [media.loop_length(number, media.FRAMES) for number in range(12)]
    assert len(set(lengths)) == 12
    assert all(0 < length <= media.FRAMES for length in lengths)
    assert media.loop_length(5, 30) <= 30


def test_a_person_receives_everybody_else_who_publishes() -> None:
    group, lecture = Shape("group", 1, 12), Shape("lecture", 1, 7, publishers=1)
    assert [group.others(number) for number in range(12)] == [11] * 12
    assert [lecture.others(number) for number in range(7)] == [0, 1, 1, 1, 1, 1, 1]


def test_what_a_client_writes_it_can_read() -> None:
    local = sdp.Local("ufrag", "password", ":".join(["AB"] * 32), ("192.0.2.1", 5000))
    lines = sdp.publishing([(sdp.AUDIO, 5), (sdp.VIDEO, 6)])
    told = sdp.read(sdp.write(local, lines, setup="actpass"))
    assert (told.ufrag, told.password, told.setup, told.is_lite) == ("ufrag", "password", "actpass", False)
    assert told.candidates == (("192.0.2.1", 5000),)
    assert [(line.kind, line.mid, line.payload) for line in told.lines] == [
        ("audio", "0", 111),
        ("video", "1", 96),
    ]
    with pytest.raises(ValueError, match="setup"):
        sdp.read("v=0\r\n")

"""Whom an encoding's packets go to, and the passing on: at once to all who follow, to others one by one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from realtime.relay.packets import vp8
from realtime.relay.transport.inlet import Flow, Packet

if TYPE_CHECKING:  # an encoding holds its fan-out, a slot knows its encoding
    from realtime.relay.downlink.outgoing import Outgoing
    from realtime.relay.uplink.encoding import Encoding

# A frame has some three packets; more than this at once would only make what waits behind them wait longer.
PACKETS_AT_ONCE = 8
LARGEST_BODY = 1344
# The descriptor's numbers end within so many bytes of the body; what is shorter is Python's to look at.
_SMALLEST_PICTURE = 24


class Subscriber(Protocol):
    """A down-track that takes packets of the virtual stream."""

    def lane(self, encoding: "Encoding", sequence: int) -> "Outgoing | None":
        """Return its numbers if it has sent all of the encoding up to this one, and can simply go on."""

    def forward(
        self,
        encoding: "Encoding",
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
        is_start: bool,
        now_ns: int,
    ) -> None:
        """Send one packet on; `is_start` says that decoding may begin with it."""

    def crowded_out(
        self, sequence: int, timestamp: int, head: int, body: bytes, descriptor: vp8.Descriptor
    ) -> None:
        """Take back what was counted as sent, since the socket had no room for it."""


class Progress:
    """How far a stream has been passed on: kept once for all the slots that follow it."""

    __slots__ = (
        "flow", "is_frame_whole", "is_over", "last_ns", "newest", "octets", "packets", "sequence",
        "timestamp",
    )  # fmt: skip

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.timestamp = self.last_ns = self.packets = self.octets = 0
        self.newest = vp8.NO_DESCRIPTOR
        self.is_frame_whole: int = True
        # One has left; who forwards has to look again who follows.
        self.is_over = False
        # What sends to all who follow without being asked to.
        self.flow: Flow | None = None

    def end(self) -> None:
        """Say that one has left, before anything else can be sent; idempotent."""
        self.is_over = True
        if self.flow is not None:
            self.flow.part()
            self.flow = None

    def move(self, packets: Sequence[Packet], *, is_voice: bool) -> None:
        """Stand behind these, each the next one."""
        self.sequence, self.timestamp, head, _, self.newest, _, self.last_ns = packets[-1]
        # Each packet of a voice is a frame of its own.
        self.is_frame_whole = is_voice or head & 0x80
        self.packets += len(packets)
        for packet in packets:
            self.octets += len(packet[3]) - (packet[2] >> 9 & 8)  # the extension bit counts its 8 bytes


class Lanes(Protocol):
    """Slots that follow one encoding, made ready to be sent to: numbers, keys and addresses."""

    def carry(self, packets: Sequence[Packet]) -> list[tuple[int, int]]:
        """Send all of these packets on every lane; return which lane had no room for which packet."""


class Forwarding(Protocol):
    """What a fan-out needs of a data plane."""

    # Counts up with everything that lanes were made of.
    changes: int
    # Fan-outs that hold something back while a burst comes in; None: everything goes on at once.
    waiting: "list[FanOut] | None"

    def lanes(self, slots: Sequence["Outgoing"]) -> Lanes:
        """Make lanes of slots whose routes are open."""


class FanOut(list[Subscriber]):
    """Hold the subscribers of one encoding, those that still wait for a start included."""

    __slots__ = (
        "_changes", "_encoding", "_followers", "_lanes", "_numbers", "_others", "_plane", "_progress",
        "_queue",
    )  # fmt: skip

    def __init__(self, plane: Forwarding) -> None:
        super().__init__()
        self._plane = plane
        self._queue: list[Packet] = []
        self._encoding: Encoding | None = None
        self._changes = 0
        self._progress: Progress | None = None
        self._followers: list[Subscriber] = []
        self._numbers: list[Outgoing] = []
        self._others: list[Subscriber] = []
        self._lanes: Lanes | None = None

    def append(self, subscriber: Subscriber) -> None:
        """Take one more, who gets what comes from now on."""
        self.flush()
        super().append(subscriber)
        self._forget()

    def remove(self, subscriber: Subscriber) -> None:
        """Let one go, who still gets what came before; nothing of it is kept."""
        self.flush()
        super().remove(subscriber)
        self._forget()
        if not self and self._encoding is not None:
            # What nobody watches is not renumbered, which is for the encoding to say.
            self._encoding.stop_flow()

    def begin(self, subscriber: Subscriber) -> None:
        """Take note that a subscriber has waited for its start, and has found it."""
        self._forget()

    def forward(
        self,
        encoding: "Encoding",
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
        is_start: bool,
        now_ns: int,
    ) -> None:
        """Hand one packet to every subscriber, while a burst comes in at its end."""
        self._encoding = encoding
        waiting = self._plane.waiting
        if waiting is not None and not self._queue:
            waiting.append(self)
        self._queue.append((sequence, timestamp, head, body, descriptor, is_start, now_ns))
        if waiting is None:
            self.flush()

    def flush(self) -> None:
        """Pass on what was held back."""
        queue, encoding = self._queue, self._encoding
        if not queue or encoding is None:
            return
        self._queue = []
        done = 0
        while done < len(queue):
            progress = self._progress
            if progress is None or progress.is_over or self._changes != self._plane.changes:
                progress = self._look(encoding, queue[done][0] - 1)
            packets = _run(queue, done, progress.sequence)
            if packets:
                self._pass_on(encoding, progress, packets)
            else:
                packets = queue[done : done + 1]
                self._one_by_one(encoding, list(self), packets)
                self._forget()
            done += len(packets)
        self._lead(encoding)

    def sent(
        self, encoding: "Encoding", packets: Sequence[Packet], no_room: Sequence[tuple[int, int]]
    ) -> None:
        """Take note that these, each the next one, went to all who follow; let everybody else have them."""
        if self._progress is not None:
            self._progress.move(packets, is_voice=not encoding.is_video)
            self._let_others(encoding, self._progress, packets, no_room)

    def _lead(self, encoding: "Encoding") -> None:
        """Let what takes in by itself also send by itself, to those who follow now."""
        progress, flow = self._progress, encoding.flow
        if flow is not None and progress is not None and not progress.is_over and self._lanes is not None:
            flow.lead(self._lanes, self._changes)
            progress.flow = flow

    def _look(self, encoding: "Encoding", sequence: int) -> Progress:
        """See who has everything up to this number, and follows from now on."""
        self._forget()
        self._progress = progress = Progress(sequence)
        self._changes = self._plane.changes
        for each in self:
            outgoing = each.lane(encoding, sequence)
            if outgoing is None:
                self._others.append(each)
            else:
                outgoing.follow(progress)
                self._followers.append(each)
                self._numbers.append(outgoing)
        if self._numbers:
            self._lanes = self._plane.lanes(self._numbers)
        return progress

    def _forget(self) -> None:
        """Let everybody who follows stand alone, until the next packet."""
        if self._progress is not None:
            self._progress.end()
            self._progress = None
        for each in self._numbers:
            each.leave()
        self._followers, self._numbers, self._others, self._lanes = [], [], [], None

    def _pass_on(self, encoding: "Encoding", progress: Progress, packets: list[Packet]) -> None:
        """Send packets, each the next one, to all who follow; then let everybody else have them."""
        progress.move(packets, is_voice=not encoding.is_video)
        no_room = self._lanes.carry(packets) if self._lanes is not None else ()
        self._let_others(encoding, progress, packets, no_room)

    def _let_others(
        self,
        encoding: "Encoding",
        progress: Progress,
        packets: Sequence[Packet],
        no_room: Sequence[tuple[int, int]],
    ) -> None:
        followers, others, sequence = self._followers, self._others, packets[-1][0]
        for lane, number in no_room:
            followers[lane].crowded_out(*packets[number][:5])
        if others:
            self._one_by_one(encoding, others, packets)
            # Who had missed something may have it now, and follows from the next packet on.
            if any(each.lane(encoding, sequence) is not None for each in others):
                progress.end()

    def _one_by_one(
        self, encoding: "Encoding", subscribers: list[Subscriber], packets: Sequence[Packet]
    ) -> None:
        for packet in packets:
            for each in subscribers:
                if each in self:
                    each.forward(encoding, *packet)


def _run(queue: list[Packet], start: int, newest: int) -> list[Packet]:
    """Return the packets from here on that simply follow each other, and fit into one message.

    A message is cut into datagrams of one size, of which only the last may be shorter.
    """
    end, size = start, 0
    for sequence, _, _, body, descriptor, _, _ in queue[start : start + PACKETS_AT_ONCE]:
        newest += 1
        length = len(body)
        if sequence != newest or length > LARGEST_BODY:
            break
        if length < _SMALLEST_PICTURE and descriptor != vp8.NO_DESCRIPTOR:
            break
        if end > start and length > size:
            break
        end += 1
        if end > start + 1 and length < size:
            break
        size = length
    return queue[start:end]

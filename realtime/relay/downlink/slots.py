"""Who is in which slot. Pure: a table that changes as little as possible."""

from collections.abc import Sequence

from realtime.wire.relay import Source

Wanted = tuple[str, Source]


class SlotColumn:
    """Hold the slots of one kind of media; a participant comes back to the slot it had, if that is free."""

    def __init__(self, size: int) -> None:
        self.holders: list[str | None] = [None] * size
        self._before: list[str | None] = [None] * size
        self._freed: list[int] = [0] * size
        self._turn = 0

    @property
    def size(self) -> int:
        """Say how many slots there are."""
        return len(self.holders)

    def index_of(self, participant: str) -> int | None:
        """Return where a participant is, if anywhere."""
        return self.holders.index(participant) if participant in self.holders else None

    def release_all_but(self, wanted: Sequence[str]) -> bool:
        """Empty the slots of everybody who has gone."""
        changed = False
        for index, holder in enumerate(self.holders):
            if holder is not None and holder not in wanted:
                self._turn += 1
                self._before[index], self._freed[index] = holder, self._turn
                self.holders[index] = None
                changed = True
        return changed

    def place(self, participant: str, preferred: int | None) -> bool:
        """Give a newcomer a slot: its former one, the preferred one, a fresh one, the longest empty one."""
        free = [index for index, holder in enumerate(self.holders) if holder is None]
        if not free:
            return False
        former = [index for index in free if self._before[index] == participant]
        if former:
            index = former[0]
        elif preferred in free:
            index = preferred
        else:
            index = min(free, key=lambda each: (self._freed[each], each))
        self.holders[index] = participant
        return True


class SlotTable:
    """Assign published tracks to the slots of one subscriber: voices, cameras and one shared screen.

    A participant's voice and picture take equal indexes where possible: equal slots share a stream, which
    keeps lips and voice together in the browser. Who finds no slot waits for one, in order of arrival.
    """

    def __init__(self, *, audio: int, video: int, screen: int = 1) -> None:
        self.audio = SlotColumn(audio)
        self.video = SlotColumn(video)
        self.screen = SlotColumn(screen)

    def assign(self, wanted: Sequence[Wanted]) -> bool:
        """Bring the table in line with what is to be carried; say whether anything changed."""
        columns: dict[Source, SlotColumn] = {
            "microphone": self.audio,
            "camera": self.video,
            "screen": self.screen,
        }
        changed = False
        for source, column in columns.items():
            present = [participant for participant, kind in wanted if kind == source]
            changed = column.release_all_but(present) or changed
        for participant, source in wanted:
            own = columns[source]
            if own.index_of(participant) is None:
                other = {"microphone": self.video, "camera": self.audio}.get(source)
                preferred = other.index_of(participant) if other is not None else None
                changed = own.place(participant, preferred) or changed
        return changed

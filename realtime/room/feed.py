"""One viewer's stream of a room: numbered events in, the viewer's events out, gaps noticed."""

from realtime.wire.state import RoomEvent, RoomState

from .projection import Viewer, project, project_change
from .reducer import apply


class Feed:
    """Hold the whole room for one socket, so that every change can be told in this viewer's terms."""

    def __init__(self, viewer: Viewer, state: RoomState) -> None:
        self.viewer = viewer
        self.state = state

    @property
    def seq(self) -> int:
        """Give the room's last number that was taken in."""
        return self.state.seq

    def view(self) -> RoomState:
        """Give the snapshot this viewer may have."""
        return project(self.viewer, self.state)

    def replace(self, state: RoomState) -> None:
        """Take a newer snapshot; an older one is ignored, since events have gone out beyond it."""
        if state.seq >= self.state.seq:
            self.state = state

    def take(self, event: RoomEvent) -> RoomEvent | None:
        """Take in one event and give what to send, or nothing if it is old. Raises `SequenceGapError`."""
        if event.seq <= self.state.seq:
            return None
        after = apply(self.state, event)
        shown = project_change(self.viewer, self.state, event.change)
        self.state = after
        return RoomEvent(seq=event.seq, change=shown)

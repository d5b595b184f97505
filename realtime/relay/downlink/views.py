"""What a subscriber looks at: the tiles its page has told, and a sensible guess until it does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from realtime.relay.downlink.stage import SPOKE_RECENTLY_NS, Importance
from realtime.wire.relay import Source
from realtime.wire.relay import Tile as ToldTile

Key = tuple[str, Source]


@dataclass(frozen=True, slots=True)
class Tile:
    """Give the size of one picture on the screen in device pixels."""

    width: int
    height: int
    is_pinned: bool = False

    @property
    def is_seen(self) -> bool:
        """Say whether any of it is in sight."""
        return self.width > 0 and self.height > 0

    @property
    def area(self) -> int:
        """Count its pixels."""
        return self.width * self.height


# As long as a page has said nothing: one picture fills a window, four share it, more are a gallery of small
# ones.
_ALONE, _SHARED, _GALLERY = Tile(1280, 720), Tile(640, 360), Tile(160, 90)
_SHARED_UPTO = 4


@dataclass(frozen=True, slots=True)
class View:
    """Hold what a page has said last, the whole of it."""

    tiles: Mapping[Key, Tile] = field(default_factory=dict)
    is_sound_only: bool = False
    is_told: bool = False

    @classmethod
    def told(cls, tiles: Iterable[ToldTile], *, is_sound_only: bool) -> "View":
        """Take a page's word; of two tiles of one picture the larger counts."""
        kept: dict[Key, Tile] = {}
        for each in tiles:
            key: Key = (each.participant, each.source)
            tile = Tile(each.width, each.height, each.pinned)
            if key not in kept or tile.area > kept[key].area:
                kept[key] = tile
        return cls(tiles=kept, is_sound_only=is_sound_only, is_told=bool(kept))

    def tile(self, key: Key, *, cameras: int) -> Tile:
        """Return how somebody is seen, in a room of so many cameras.

        Whom the page does not name has perhaps just come, so the picture is there when the tile is.
        """
        if key in self.tiles:
            return self.tiles[key]
        if key[1] == "screen":
            return _ALONE
        if self.is_told or cameras > _SHARED_UPTO:
            return _GALLERY
        return _SHARED if cameras > 1 else _ALONE


def importance(tile: Tile, spoke_ns: int | None, now_ns: int) -> Importance:
    """Rank a picture: pinned, of somebody who speaks or has just spoken, in sight, out of sight."""
    if tile.is_seen and tile.is_pinned:
        return Importance.PINNED
    if spoke_ns is not None and now_ns - spoke_ns <= SPOKE_RECENTLY_NS:
        return Importance.SPEAKING
    return Importance.VISIBLE if tile.is_seen else Importance.HIDDEN

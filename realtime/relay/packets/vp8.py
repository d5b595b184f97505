"""Peek at VP8 payload descriptors (RFC 7741, at most 7 bytes of a payload), and renumber them."""

# Where the picture id is, the picture id, where TL0PICIDX is, TL0PICIDX; a place of 0 says that it is absent.
Descriptor = tuple[int, int, int, int]

NO_DESCRIPTOR: Descriptor = (0, 0, 0, 0)


def parse_descriptor(data: bytes, start: int, end: int) -> tuple[bool, Descriptor]:
    """Say whether the payload begins a key frame, and where its running numbers are; cut off means neither.

    Places count from `start`; they are never 0, since the first byte of a payload is the descriptor's own.
    """
    if start >= end:
        return False, NO_DESCRIPTOR
    first = data[start]
    position = start + 1
    if first & 0x80 and position + 4 < end and data[position] & 0xC0 == 0xC0 and data[position + 1] & 0x80:
        # As libvpx writes it: a picture id of 15 bits and TL0PICIDX, mostly with the temporal layer behind.
        picture = (data[position + 1] & 0x7F) << 8 | data[position + 2]
        descriptor = (2, picture, 4, data[position + 3])
        position += 5 if data[position] & 0x30 else 4
        begins = first & 0x17 == 0x10 and position < end and not data[position] & 0x01
        return begins, descriptor
    picture_at = picture = index_at = index = 0
    if first & 0x80:
        if position >= end:
            return False, NO_DESCRIPTOR
        extended = data[position]
        position += 1
        if extended & 0x80:
            is_long = position < end and data[position] & 0x80
            if position + (2 if is_long else 1) > end:
                return False, NO_DESCRIPTOR
            picture_at = position - start
            picture = (
                int.from_bytes(data[position : position + 2], "big") & 0x7FFF if is_long else data[position]
            )
            position += 2 if is_long else 1
        if extended & 0x40:
            if position >= end:
                return False, NO_DESCRIPTOR
            index_at, index = position - start, data[position]
            position += 1
        position += bool(extended & 0x30)
    # The start of partition zero, whose first bit says whether the frame depends on others.
    begins = first & 0x17 == 0x10 and position < end and not data[position] & 0x01
    return begins, (picture_at, picture, index_at, index)


def rewrite(
    body: bytes,
    start: int,
    descriptor: Descriptor,
    picture_shift: int,
    index_shift: int,
    before: bytes = b"",
) -> bytes:
    """Return `before` and `body`, whose payload begins at `start`, with both numbers moved on in their width.

    TL0PICIDX follows the picture id at once, so one cut is enough.
    """
    picture_at, picture, index_at, index = descriptor
    at = start + (picture_at or index_at)
    if not picture_at:
        if not index_at:
            return before + body
        numbers = bytes(((index + index_shift) & 0xFF,))
    elif body[at] & 0x80:
        picture += picture_shift
        if index_at:
            numbers = bytes((0x80 | picture >> 8 & 0x7F, picture & 0xFF, (index + index_shift) & 0xFF))
        else:
            numbers = bytes((0x80 | picture >> 8 & 0x7F, picture & 0xFF))
    elif index_at:
        numbers = bytes(((picture + picture_shift) & 0x7F, (index + index_shift) & 0xFF))
    else:
        numbers = bytes(((picture + picture_shift) & 0x7F,))
    return before + body[:at] + numbers + body[at + len(numbers) :]


def shifted(descriptor: Descriptor, picture_shift: int, index_shift: int) -> Descriptor:
    """Return the descriptor of a body that `rewrite` has moved on."""
    picture_at, picture, index_at, index = descriptor
    return picture_at, (picture + picture_shift) & 0x7FFF, index_at, (index + index_shift) & 0xFF


class PictureWidener:
    """Write picture ids of 7 bits with 15, so that every source of a slot counts in the same width."""

    __slots__ = ("_newest",)

    def __init__(self) -> None:
        self._newest = 0

    def widen(self, data: bytes, start: int, descriptor: Descriptor) -> tuple[bytes, Descriptor]:
        """Return the packet, one byte longer, whose payload begins at `start`, and its descriptor."""
        picture_at, short, index_at, index = descriptor
        # The nearest number that ends in these 7 bits.
        picture = self._newest + ((short - self._newest + 0x40) & 0x7F) - 0x40
        self._newest = max(self._newest, picture)
        picture &= 0x7FFF
        at = start + picture_at
        data = data[:at] + (0x8000 | picture).to_bytes(2, "big") + data[at + 1 :]
        return data, (picture_at, picture, index_at and index_at + 1, index)

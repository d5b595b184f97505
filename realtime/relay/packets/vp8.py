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


def rewrite(body: bytes, start: int, descriptor: Descriptor, picture_shift: int, index_shift: int) -> bytes:
    """Return `body`, whose payload begins at `start`, with both numbers moved on, each in its width."""
    picture_at, picture, index_at, index = descriptor
    if picture_at:
        at = start + picture_at
        if body[at] & 0x80:
            number = 0x8000 | (picture + picture_shift) & 0x7FFF
            body = body[:at] + number.to_bytes(2, "big") + body[at + 2 :]
        else:
            body = body[:at] + bytes([(picture + picture_shift) & 0x7F]) + body[at + 1 :]
    if index_at:
        at = start + index_at
        body = body[:at] + bytes([(index + index_shift) & 0xFF]) + body[at + 1 :]
    return body


def shifted(descriptor: Descriptor, picture_shift: int, index_shift: int) -> Descriptor:
    """Return the descriptor of a body that `rewrite` has moved on."""
    picture_at, picture, index_at, index = descriptor
    return picture_at, (picture + picture_shift) & 0x7FFF, index_at, (index + index_shift) & 0xFF

"""Hash chains: each row carries the hash of the row before it, so an edit or a gap shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GENESIS = "0" * 64

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Link:
    """One row as it is stored: its content and the two hashes beside it."""

    payload: Mapping[str, object]
    prev_hash: str
    row_hash: str


def canonical(payload: Mapping[str, object]) -> bytes:
    """Give the one spelling of a payload: sorted keys, no spaces, UTF-8; only JSON values are accepted."""
    return _ENCODER.encode(payload).encode()


def row_hash(prev_hash: str, payload: Mapping[str, object]) -> str:
    """Give the hash of a row from its predecessor's hash and its own content."""
    return hashlib.sha256(prev_hash.encode("ascii") + b"\n" + canonical(payload)).hexdigest()


def verify(rows: Iterable[Link], *, start: str = GENESIS) -> int | None:
    """Give the position of the first row that does not fit, or None when the whole chain holds."""
    expected = start
    for position, link in enumerate(rows):
        if link.prev_hash != expected or row_hash(link.prev_hash, link.payload) != link.row_hash:
            return position
        expected = link.row_hash
    return None

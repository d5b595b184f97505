"""A strict reader of JSON: every value knows its place, and nothing is guessed, coerced or dropped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn, TypeAlias, TypeVar

from sessions.rules.document.errors import EvidenceError
from sessions.rules.time.instants import Instant, parse_date, parse_instant

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

ROOT = "file"
MAX_BYTES = 64 * 1024 * 1024
# More digits than any term needs; the bound keeps exact arithmetic from exploding on 1e-999999999.
MAX_NUMBER_LENGTH = 40

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
# RFC 3339 reaches further; within these bounds every local date and the week around it exist.
_FIRST_INSTANT = parse_instant("0002-01-01T00:00:00Z")
_LAST_INSTANT = parse_instant("9998-12-31T23:59:59Z")
_LAST_AS_OF = parse_instant("9999-12-31T23:59:59Z")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written (`NaN` and the infinities too), so that it is never rounded."""

    text: str


@dataclass(frozen=True, slots=True)
class Members:
    """A JSON object as it was written, repeated keys included."""

    pairs: tuple[tuple[str, Json], ...]


Json: TypeAlias = "Members | list[Json] | str | Number | bool | None"


def read_document(source: str | bytes) -> Value:
    """Parse a text as JSON without interpreting it yet."""
    if len(source) > MAX_BYTES:
        raise EvidenceError(ROOT, f"larger than {MAX_BYTES} bytes")
    text = _decode(source) if isinstance(source, bytes) else source
    try:
        parsed = json.loads(
            text,
            object_pairs_hook=lambda pairs: Members(tuple(pairs)),
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
        )
    except json.JSONDecodeError as error:
        raise EvidenceError(f"line {error.lineno} column {error.colno}", f"not JSON: {error.msg}") from None
    except RecursionError:
        raise EvidenceError(ROOT, "nested too deeply") from None
    return Value(parsed, "")


def _decode(source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise EvidenceError(f"line {line}", "not UTF-8") from None


@dataclass(frozen=True, slots=True)
class Value:
    """One JSON value with its place in the document."""

    json: Json
    place: str

    def fail(self, problem: str) -> NoReturn:
        """Refuse this value."""
        raise EvidenceError(self.place or ROOT, problem)

    @property
    def is_null(self) -> bool:
        """Say whether the value is null."""
        return self.json is None

    def members(self) -> dict[str, Value]:
        """Read an object with any keys; a repeated key is an error."""
        if not isinstance(self.json, Members):
            self.fail("must be an object")
        found: dict[str, Value] = {}
        for key, value in self.json.pairs:
            member = Value(value, self._place_of(key))
            if key in found:
                member.fail("duplicate key")
            found[key] = member
        return found

    def record(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Value]:
        """Read an object with exactly these keys."""
        found = self.members()
        for key, value in found.items():
            if key not in required and key not in optional:
                value.fail("unknown key")
        for key in required:
            if key not in found:
                Value(None, self._place_of(key)).fail("missing")
        return found

    def items(self) -> list[Value]:
        """Read an array."""
        if not isinstance(self.json, list):
            self.fail("must be an array")
        return [Value(item, f"{self.place}[{index}]") for index, item in enumerate(self.json)]

    def text(self) -> str:
        """Read a string."""
        if not isinstance(self.json, str):
            self.fail("must be a string")
        return self.json

    def boolean(self) -> bool:
        """Read true or false."""
        if not isinstance(self.json, bool):
            self.fail("must be true or false")
        return self.json

    def whole(self) -> int:
        """Read a whole number >= 0, written without fraction or exponent."""
        if not isinstance(self.json, Number) or not _WHOLE.fullmatch(self.json.text):
            self.fail("must be a whole number")
        if len(self.json.text) > MAX_NUMBER_LENGTH:
            self.fail("too large")
        number = int(self.json.text)
        if number < 0:
            self.fail("must not be negative")
        return number

    def share(self) -> Decimal:
        """Read an exact decimal from 0 to 1, given as a number or as a string."""
        text = self.json.text if isinstance(self.json, Number) else self.json
        if not isinstance(text, str) or not _NUMBER.fullmatch(text):
            self.fail("must be a decimal from 0 to 1")
        if len(text) > MAX_NUMBER_LENGTH:
            self.fail("too many digits")
        mantissa, _, exponent = text.lower().partition("e")
        if not Decimal(mantissa):
            return Decimal(0)
        if abs(int(exponent or 0)) > MAX_NUMBER_LENGTH:
            self.fail("too many digits")
        number = Decimal(text)
        if not 0 <= number <= 1:
            self.fail("must be a decimal from 0 to 1")
        return number

    def choice(self, kind: type[E]) -> E:
        """Read one name of a closed list."""
        text = self.text()
        try:
            return kind(text)
        except ValueError:
            self.fail("must be one of " + ", ".join(kind))

    def instant(self) -> Instant:
        """Read a time of the record."""
        return self._instant(_LAST_INSTANT)

    def as_of(self) -> Instant:
        """Read a time that may also stand for "long after everything"."""
        return self._instant(_LAST_AS_OF)

    def _instant(self, last: Instant) -> Instant:
        text = self.text()
        try:
            instant = parse_instant(text)
        except ValueError as error:
            self.fail(str(error))
        if not _FIRST_INSTANT <= instant <= last:
            self.fail("out of range")
        return instant

    def day(self) -> date:
        """Read a date."""
        text = self.text()
        try:
            return parse_date(text)
        except ValueError as error:
            self.fail(str(error))

    def or_none(self, read: Callable[[Value], T]) -> T | None:
        """Read null, or else the value by `read`."""
        return None if self.is_null else read(self)

    def _place_of(self, key: str) -> str:
        if not _PLAIN_KEY.fullmatch(key):
            return f"{self.place}[{json.dumps(key[:40])}]"
        return f"{self.place}.{key}" if self.place else key

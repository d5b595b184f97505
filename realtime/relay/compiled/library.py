"""Load the compiled data plane. What C and Python share is declared once, in the header of the C files."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from realtime.relay.compiled import build

_MARK = "// [shared]\n"
# Python writes pointers into C's structures as numbers of this size.
_POINTER_BYTES = 8


class MissingLibraryError(Exception):
    """The library was not built here; the argument says what to do."""


@dataclass(frozen=True, slots=True)
class Library:
    """The functions of C, and what makes memory for them."""

    ffi: FFI
    # cffi makes both at run time, from the declarations.
    lib: Any
    slots_at_once: int


def address_of(ffi: FFI, pointer: object) -> int:
    """Return where something lies, as a number for `struct` to write."""
    return int(ffi.cast("uintptr_t", pointer))


@cache
def load(path: Path | None = None) -> Library:
    """Open the library that was built from this very source, or raise MissingLibraryError."""
    ffi = FFI()
    if ffi.sizeof("void *") != _POINTER_BYTES:
        raise MissingLibraryError("The compiled data plane needs a machine of 64 bits.")
    ffi.cdef(build.HEADER.read_text(encoding="utf-8").split(_MARK)[1])
    try:
        lib = ffi.dlopen(str(path or build.library()))
    except OSError as error:
        raise MissingLibraryError(
            "The compiled data plane was not built here: install a C compiler and run bin/setup, or start "
            "the relay with --data-plane python."
        ) from error
    return Library(ffi=ffi, lib=lib, slots_at_once=lib.SLOTS_AT_ONCE)

"""One boot's journal on disk: JSON lines, appended with one write each, readable by number."""

import contextlib
import fcntl
import json
import os
from array import array
from collections import deque
from pathlib import Path

from realtime.wire.facts import JournalFact

# A day of a busy relay. What a full disk keeps out beyond that is lost, and the log says so at each fact.
_MAX_WAITING = 100_000
# Where every so many lines begin is kept in memory: a boot may last for months.
_LINES_PER_MARK = 64


class JournalFile:
    """Own one `<boot>.jsonl`; the lock on it says that its process lives.

    A torn last line is cut off. A damaged line in the middle should not occur; it and what follows are moved
    to `<boot>.damaged`, because the numbers after it could no longer be gapless.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.boot = path.stem
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise
        self._marks = array("Q")
        self._last = 0
        self._size = 0
        self._waiting: deque[bytes] = deque()
        self.is_dirty = False
        self._index()

    @property
    def last(self) -> int:
        """The number of the newest fact that is on disk, 0 if there is none."""
        return self._last

    @property
    def next_seq(self) -> int:
        """The number the next fact gets."""
        return self._last + len(self._waiting) + 1

    @property
    def waiting(self) -> int:
        """How many facts a full disk keeps in memory."""
        return len(self._waiting)

    def append(self, fact: JournalFact) -> None:
        """Write one fact before returning; if the disk refuses, keep it and try again with the next one."""
        if len(self._waiting) < _MAX_WAITING:
            self._waiting.append(fact.model_dump_json().encode() + b"\n")
        self.flush()

    def flush(self) -> None:
        """Write what is waiting, and raise OSError if the disk still refuses."""
        while self._waiting:
            line = self._waiting[0]
            try:
                written = os.write(self._descriptor, line)
            except OSError:
                written = 0
                raise
            finally:
                if written != len(line):
                    os.ftruncate(self._descriptor, self._size)
            if written != len(line):
                raise OSError("the journal's disk took only part of a line")
            self._note_line(self._size)
            self._size += len(line)
            self._waiting.popleft()
            self.is_dirty = True

    def read(self, after: int, limit: int) -> list[JournalFact]:
        """Return up to `limit` facts that follow number `after`."""
        first, end = min(after, self.last), min(after + limit, self.last)
        if first >= end:
            return []
        skipped, behind = first % _LINES_PER_MARK, -(-end // _LINES_PER_MARK)
        begin = self._marks[first // _LINES_PER_MARK]
        until = self._marks[behind] if behind < len(self._marks) else self._size
        lines = os.pread(self._descriptor, until - begin, begin).splitlines()
        return [JournalFact.model_validate_json(line) for line in lines[skipped : skipped + end - first]]

    def sync(self) -> None:
        """Force what is written onto the disk; this blocks."""
        self.is_dirty = False
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Give up the lock."""
        os.close(self._descriptor)

    def delete(self) -> None:
        """Remove the file for good."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.close()

    def _note_line(self, start: int) -> None:
        if self._last % _LINES_PER_MARK == 0:
            self._marks.append(start)
        self._last += 1

    def _index(self) -> None:
        content = self.path.read_bytes()
        position = 0
        while (end := content.find(b"\n", position)) >= 0:
            if not _is_fact(content[position:end], self._last + 1):
                break
            self._note_line(position)
            position = end + 1
        if position < len(content):
            if content.find(b"\n", position) >= 0:
                self.path.with_suffix(".damaged").write_bytes(content[position:])
            os.ftruncate(self._descriptor, position)
        self._size = position


def _is_fact(line: bytes, seq: int) -> bool:
    try:
        return json.loads(line)["seq"] == seq and JournalFact.model_validate_json(line) is not None
    except (ValueError, KeyError, TypeError):
        return False

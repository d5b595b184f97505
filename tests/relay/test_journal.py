"""The journal: nothing that was written is lost, whatever happens to the process or the disk."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.relay.clock import WebClock, iso
from realtime.relay.facts.journal import Journals, UnknownBootError
from realtime.relay.facts.journal_file import JournalFile
from realtime.wire.facts import JournalFact

AT = datetime(2026, 11, 17, 14, 0, 0, 500_000, tzinfo=UTC)


def fact(seq: int, kind: str = "beat", connection: str = "c", **data: object) -> JournalFact:
    return JournalFact.model_validate(
        {
            "seq": seq,
            "kind": kind,
            "room": "r",
            "participant": "p",
            "connection": connection,
            "at": AT + timedelta(seconds=seq),
            "mono_ns": seq,
            "data": data,
        }
    )


def written(path: Path, *facts: JournalFact) -> Path:
    file = JournalFile(path)
    for each in facts:
        file.append(each)
    file.close()
    return path


def opened(directory: Path, boot: str = "now") -> Journals:
    clock = WebClock()
    clock.set(0, since_ns=0)
    return Journals(directory=directory, boot=boot, clock=clock)


@given(cut=st.integers(0, 400))
def test_a_journal_cut_anywhere_keeps_every_whole_line(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = written(tmp_path_factory.mktemp("j") / "b.jsonl", fact(1), fact(2), fact(3))
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    file = JournalFile(path)
    assert file.last == content[:cut].count(b"\n")
    file.append(fact(file.next_seq))
    assert [each.seq for each in file.read(0, 10)] == list(range(1, file.last + 1))
    file.close()


def test_what_follows_a_damaged_line_is_put_aside_not_thrown_away(tmp_path: Path) -> None:
    path = written(tmp_path / "b.jsonl", fact(1), fact(2), fact(3))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"?" + lines[1][1:] + lines[2])
    file = JournalFile(path)
    assert file.last == 1
    assert (tmp_path / "b.damaged").read_bytes() == b"?" + lines[1][1:] + lines[2]
    file.close()


def test_every_open_connection_of_a_dead_boot_is_closed_at_its_last_packet(tmp_path: Path) -> None:
    moment = iso(AT)
    written(
        tmp_path / "dead.jsonl",
        fact(1, "first_packet", "a", last_packet_at=iso(AT - timedelta(seconds=9))),
        fact(2, "first_packet", "b", last_packet_at=moment),
        fact(3, "beat", "a", last_packet_at=moment, tracks={}),
        fact(4, "closed", "b", last_packet_at=moment, reason="left", inferred=False),
        fact(5, "silent", "a", last_packet_at=moment, track=None),
        fact(6, "resumed", "a", track=None),
    )
    journals = opened(tmp_path)
    page = journals.read(boot="dead", after=6, limit=10, now_ns=0)
    (closed,) = page.facts
    assert (closed.seq, closed.kind, closed.connection) == (7, "closed", "a")
    assert closed.data == {
        "last_packet_at": iso(AT + timedelta(seconds=6)),
        "reason": "boot_ended",
        "inferred": True,
    }
    assert page.as_of == closed.at
    journals.close()
    again = opened(tmp_path, "later")
    assert again.read(boot="dead", after=0, limit=10, now_ns=0).last == 7, "finishing twice adds nothing"
    again.close()


def test_a_journal_of_a_relay_that_lives_is_left_alone(tmp_path: Path) -> None:
    living = JournalFile(tmp_path / "living.jsonl")
    living.append(fact(1, "first_packet", last_packet_at=iso(AT)))
    journals = opened(tmp_path)
    assert [each.boot for each in journals.boots()] == ["now"]
    living.append(fact(2, last_packet_at=iso(AT)))
    assert living.last == 2
    living.close()
    journals.close()


def test_an_empty_journal_of_a_dead_boot_is_removed(tmp_path: Path) -> None:
    opened(tmp_path, "first").close()
    journals = opened(tmp_path, "second")
    assert [path.name for path in tmp_path.glob("*.jsonl")] == ["second.jsonl"]
    journals.close()


def test_the_current_journal_is_never_deleted_and_an_unknown_one_is_named_so(tmp_path: Path) -> None:
    journals = opened(tmp_path)
    journals.acknowledge(boot="now", upto=10**9)
    journals.acknowledge(boot="never-was", upto=1)
    assert (tmp_path / "now.jsonl").exists()
    with pytest.raises(UnknownBootError):
        journals.read(boot="never-was", after=0, limit=1, now_ns=0)
    journals.close()


def test_a_full_disk_delays_facts_but_loses_and_tears_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = JournalFile(tmp_path / "b.jsonl")
    file.append(fact(1))
    real = os.write

    def half(descriptor: int, data: bytes) -> int:
        return real(descriptor, data[: len(data) // 2])

    def none(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    for broken in (half, none):
        monkeypatch.setattr(os, "write", broken)
        with pytest.raises(OSError, match=r"."):
            file.append(fact(file.next_seq))
    assert (file.last, file.waiting) == (1, 2)
    assert [each.seq for each in file.read(0, 10)] == [1]
    monkeypatch.setattr(os, "write", real)
    file.flush()
    assert [each.seq for each in file.read(0, 10)] == [1, 2, 3]
    file.close()


def test_pages_follow_each_other_without_gap_or_repetition(tmp_path: Path) -> None:
    written(tmp_path / "dead.jsonl", *(fact(seq, "closed", f"c{seq}") for seq in range(1, 24)))
    journals = opened(tmp_path)
    seen: list[int] = []
    while facts := journals.read(boot="dead", after=len(seen), limit=5, now_ns=0).facts:
        seen += [each.seq for each in facts]
    assert seen == list(range(1, 24))
    assert journals.read(boot="dead", after=99, limit=5, now_ns=0).last == 23
    journals.close()

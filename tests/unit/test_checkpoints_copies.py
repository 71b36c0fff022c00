"""Copies of checkpoints outside the database, as files."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.files.checkpoint_sink import FileCheckpointSink
from builders import OTHER_TENANT, TENANT
from core.domain.checkpoints import Checkpoint, merkle_root
from ports.checkpoint_sink import CheckpointSink, CopyUnreadable
from unit.test_checkpoints import CHECKPOINT, heads

HEADS = heads(5)


def copies_in(folder: Path) -> CheckpointSink:
    """The sink under test."""
    return FileCheckpointSink(folder / "copies")


def numbered(number: int) -> Checkpoint:
    """A checkpoint of that number."""
    return replace(CHECKPOINT, number=number, root=merkle_root(HEADS))


async def test_a_copy_is_the_checkpoint_again(tmp_path: Path) -> None:
    sink = copies_in(tmp_path)
    await sink.store(numbered(7), HEADS)
    assert await sink.find(TENANT, 7) == numbered(7)


async def test_a_copy_tells_of_its_heads_to_whoever_opens_it(tmp_path: Path) -> None:
    await copies_in(tmp_path).store(numbered(7), HEADS)
    document = json.loads((tmp_path / "copies" / str(TENANT) / "000000000007.json").read_text())
    assert document["heads"][2] == {
        "account_id": "00000000-0000-0000-0000-000000000003",
        "sequence": 3,
        "balance": -300,
        "chain": "03" * 32,
    }


async def test_without_copies_there_is_none_to_find(tmp_path: Path) -> None:
    sink = copies_in(tmp_path)
    assert await sink.newest_number(TENANT) == 0
    assert await sink.find(TENANT, 1) is None


async def test_the_newest_copy_is_the_one_with_the_highest_number(tmp_path: Path) -> None:
    sink = copies_in(tmp_path)
    for number in (9, 10, 8):
        await sink.store(numbered(number), HEADS)
    assert await sink.newest_number(TENANT) == 10
    assert await sink.newest_number(OTHER_TENANT) == 0


async def test_what_a_crash_left_half_written_is_no_copy(tmp_path: Path) -> None:
    sink = copies_in(tmp_path)
    await sink.store(numbered(1), HEADS)
    (tmp_path / "copies" / str(TENANT) / "000000000002.0123456789abcdef.new").write_text("{")
    assert await sink.newest_number(TENANT) == 1
    await sink.store(numbered(2), HEADS)
    assert await sink.find(TENANT, 2) == numbered(2)


async def test_the_same_copy_again_changes_nothing(tmp_path: Path) -> None:
    sink = copies_in(tmp_path)
    await sink.store(numbered(1), HEADS)
    path = tmp_path / "copies" / str(TENANT) / "000000000001.json"
    before = path.stat()
    await sink.store(numbered(1), HEADS)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


async def test_another_checkpoint_of_the_same_number_does_not_replace_the_copy(tmp_path: Path) -> None:
    sink = copies_in(tmp_path)
    await sink.store(numbered(1), HEADS)
    with pytest.raises(FileExistsError, match="keeps another checkpoint 1"):
        await sink.store(replace(numbered(1), previous=bytes(32)), HEADS)
    assert await sink.find(TENANT, 1) == numbered(1)


async def test_processes_that_store_the_same_copy_at_once_are_not_in_each_other_s_way(tmp_path: Path) -> None:
    for number in range(1, 21):
        await asyncio.gather(*(copies_in(tmp_path).store(numbered(number), HEADS) for _ in range(4)))
    names = sorted(path.name for path in (tmp_path / "copies" / str(TENANT)).iterdir())
    assert names == [f"{number:012d}.json" for number in range(1, 21)]


async def test_a_copy_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "copies").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="copies"):
        await copies_in(tmp_path).store(numbered(1), HEADS)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"number": 1}', "\N{BROKEN HEART}"])
async def test_a_file_that_is_no_copy_is_told_from_one_that_is_not_there(tmp_path: Path, content: str) -> None:
    sink = copies_in(tmp_path)
    await sink.store(numbered(1), HEADS)
    (tmp_path / "copies" / str(TENANT) / "000000000001.json").write_text(content, encoding="utf-16")
    with pytest.raises(CopyUnreadable, match=r"000000000001\.json is not a copy of a checkpoint"):
        await sink.find(TENANT, 1)
    (tmp_path / "copies" / str(TENANT) / "000000000001.json").write_text(content, encoding="utf-8")
    with pytest.raises(CopyUnreadable):
        await sink.find(TENANT, 1)

"""The C2SP tlog-tiles layout on disk."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from releve.ledger.errors import TileUnreadable
from releve.ledger.merkle import inclusion_proof, leaf_hash, verify_inclusion
from releve.ledger.tiles import (
    TileReader,
    TileWriter,
    pack_entry,
    tile_path,
    tiles_of,
    unpack_entries,
)
from tests.ledger.test_merkle import naive


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(1, 0, 7) == "tile/1/000.p/7"
    assert tile_path(None, 999, 255) == "tile/entries/999.p/255"


def test_the_files_of_a_size() -> None:
    names = [tile_path(*tile) for tile in tiles_of(256 * 256 + 3)]
    assert len(names) == 2 * 257 + 1 + 1
    assert names[-1] == "tile/2/000.p/1"
    assert "tile/entries/256.p/3" in names
    assert list(tiles_of(0)) == []


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 600])
def test_tiles_give_back_entries_root_and_proofs(tmp_path: Path, size: int) -> None:
    entries = [b"entry %d" % n for n in range(size)]
    writer = TileWriter(tmp_path)
    for entry in entries:
        writer.add(entry)
    writer.flush()
    reader = TileReader(tmp_path)
    leaves = [leaf_hash(entry) for entry in entries]
    assert writer.root() == reader.root(size) == naive(leaves)
    for index in random.Random(size).sample(range(size), min(size, 20)):
        assert reader.entry(index, size) == entries[index]
        proof = inclusion_proof(index, size, reader.node_at(size))
        assert verify_inclusion(leaves[index], index, size, proof, naive(leaves))


def test_a_reader_of_an_older_size_is_served_while_the_log_grows(tmp_path: Path) -> None:
    writer = TileWriter(tmp_path)
    roots = {}
    for size in range(1, 400):
        writer.add(b"%d" % size)
        if size in (3, 200, 300, 399):
            writer.flush()
            writer.prune()
            roots[size] = writer.root()
    reader = TileReader(tmp_path)
    for size, root in roots.items():
        assert reader.root(size) == root
        assert reader.entry(size - 1, size) == b"%d" % size
    kept = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {tile_path(*tile) for tile in tiles_of(399)}


def test_replayed_over_spoiled_files_it_writes_them_again(tmp_path: Path) -> None:
    def play() -> TileWriter:
        writer = TileWriter(tmp_path)
        for number in range(300):
            writer.add(b"%d" % number)
        writer.flush()
        return writer

    root = play().root()
    (tmp_path / tile_path(0, 0)).write_bytes(b"spoiled")
    (tmp_path / tile_path(None, 1, 44)).unlink()
    with pytest.raises(TileUnreadable, match="courte"):
        TileReader(tmp_path).hashes(0, 0, 256)
    assert play().repaired == 1
    assert TileReader(tmp_path).root(300) == root
    assert TileReader(tmp_path).entry(299, 300) == b"299"


def test_a_bundle_with_bytes_over_or_missing_is_refused() -> None:
    bundle = pack_entry(b"a") + pack_entry(b"")
    assert unpack_entries(bundle) == [b"a", b""]
    for spoiled in (bundle + b"x", bundle[:-1], bundle + b"\xff\xff"):
        with pytest.raises(ValueError, match="coupée"):
            unpack_entries(spoiled)

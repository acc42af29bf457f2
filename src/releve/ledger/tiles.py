"""The log as plain files, C2SP ``tlog-tiles``: ``tile/<L>/<N>``, ``tile/entries/<N>``, partial
tiles ``.p/<W>``, and ``checkpoint``.

A tile holds up to 256 hashes of 32 bytes; tile N of level L holds the roots of subtrees of
``256**L`` leaves. An entry bundle holds up to 256 entries, each after its length (uint16, big
endian). Everything here can be rebuilt from the journal; a file is durable before the checkpoint
that needs it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from releve.kernel.durable import make_folder, write_durably
from releve.ledger.errors import TileUnreadable
from releve.ledger.merkle import HASH_BYTES, Node, fold, leaf_hash, perfect_root, root_hash

WIDTH = 256
MAX_ENTRY = 65_535
Level = int | None
"""A hash level, or None for the entry bundles."""
Write = Callable[[Path, bytes], None]


def tile_path(level: Level, number: int, width: int = WIDTH) -> str:
    """``tile/0/x001/x234/067.p/12``: groups of three digits, all but the last behind an x."""
    digits = f"{number % 1000:03d}"
    while number >= 1000:
        number //= 1000
        digits = f"x{number % 1000:03d}/{digits}"
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{digits}{partial}"


def tiles_of(size: int) -> Iterator[tuple[Level, int, int]]:
    """(level, number, width) of every file that a log of ``size`` entries is made of."""
    for level, count in [(None, size), *_hash_levels(size)]:
        for number in range(count // WIDTH):
            yield level, number, WIDTH
        if count % WIDTH:
            yield level, count // WIDTH, count % WIDTH


def _hash_levels(size: int) -> Iterator[tuple[Level, int]]:
    level = 0
    while size >> (8 * level):
        yield level, size >> (8 * level)
        level += 1


def pack_entry(entry: bytes) -> bytes:
    """One entry as a bundle holds it."""
    return len(entry).to_bytes(2, "big") + entry


def unpack_entries(bundle: bytes) -> list[bytes]:
    """The entries of a bundle; raises ``ValueError`` when bytes are missing or left over."""
    entries, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise ValueError("une entrée est coupée")
        entries.append(bundle[at + 2 : end])
        at = end
    return entries


class TileReader:
    """Reads a log's folder, beside its writer: a partial tile that has grown is cut to what was
    asked. Not for several threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hashes(self, level: int, number: int, width: int) -> bytes:
        """``width`` hashes; raises :class:`TileUnreadable`."""
        data = self._read(level, number, width)[: width * HASH_BYTES]
        if len(data) < width * HASH_BYTES:
            raise TileUnreadable(name=tile_path(level, number, width), why="elle est trop courte")
        return data

    def entries(self, number: int, width: int) -> list[bytes]:
        """``width`` entries of a bundle; raises :class:`TileUnreadable`."""
        name = tile_path(None, number, width)
        try:
            entries = unpack_entries(self._read(None, number, width))
        except ValueError as error:
            raise TileUnreadable(name=name, why=error) from error
        if len(entries) < width:
            raise TileUnreadable(name=name, why="elle est trop courte")
        return entries[:width]

    def copy(self, level: Level, number: int, width: int) -> bytes:
        """A file's bytes as they lie, sound or not; cut from a wider tile when it has grown."""
        with suppress(OSError):
            return (self._folder / tile_path(level, number, width)).read_bytes()
        if level is None:
            return b"".join(pack_entry(entry) for entry in self.entries(number, width))
        return self.hashes(level, number, width)

    def entry(self, index: int, size: int) -> bytes:
        """One entry of a log of ``size`` entries."""
        number = index // WIDTH
        return self.entries(number, min(WIDTH, size - number * WIDTH))[index % WIDTH]

    def node_at(self, size: int) -> Node:
        """The nodes of the tree at ``size``; each tile is read once."""
        tiles: dict[tuple[int, int], bytes] = {}

        def node(height: int, position: int) -> bytes:
            level, rise = divmod(height, 8)
            number, offset = divmod(position << rise, WIDTH)
            tile = tiles.get((level, number))
            if tile is None:
                width = min(WIDTH, (size >> (8 * level)) - number * WIDTH)
                tile = tiles[level, number] = self.hashes(level, number, width)
            at = offset * HASH_BYTES
            if rise == 0:
                return tile[at : at + HASH_BYTES]
            return perfect_root(tile[at : at + (HASH_BYTES << rise)])

        return node

    def root(self, size: int) -> bytes:
        """The root at ``size`` as the hash tiles give it."""
        return root_hash(size, self.node_at(size))

    def _read(self, level: Level, number: int, width: int) -> bytes:
        whole = self._folder / tile_path(level, number)
        exact = self._folder / tile_path(level, number, width)
        for path in (exact, whole):
            with suppress(OSError):
                return path.read_bytes()
        for wider in range(width + 1, WIDTH):
            with suppress(OSError):
                return (self._folder / tile_path(level, number, wider)).read_bytes()
        try:  # the tile may have been completed, and its partials removed, meanwhile
            return whole.read_bytes()
        except OSError as error:
            raise TileUnreadable(name=tile_path(level, number, width), why=error) from error


class TileWriter:
    """Grows a log's folder, entry after entry. It keeps its right edge in memory: at most 255
    hashes a level and one bundle. One thread.

    Replayed over files that exist, it checks them and rewrites those that differ (``repaired``).
    """

    def __init__(self, folder: Path, write: Write = write_durably) -> None:
        self._folder = folder
        self._write = write
        self._edge: list[bytearray] = []
        self._bundle = bytearray()
        self._partial: set[Path] = set()
        self._outgrown: list[Path] = []
        self.size = 0
        self.repaired = 0

    def add(self, entry: bytes) -> None:
        """Take the next entry; completed tiles are written at once."""
        self._bundle += pack_entry(entry)
        self.add_hash(leaf_hash(entry))
        if self.size % WIDTH == 0:
            self._keep(None, self.size // WIDTH - 1, WIDTH, bytes(self._bundle))
            self._bundle.clear()

    def add_hash(self, leaf: bytes) -> None:
        """Take the next leaf hash alone: hash tiles without bundles."""
        self.size += 1
        carried, level = leaf, 0
        while True:
            if level == len(self._edge):
                self._edge.append(bytearray())
            edge = self._edge[level]
            edge += carried
            if len(edge) < WIDTH * HASH_BYTES:
                return
            tile = bytes(edge)
            edge.clear()
            self._keep(level, (self.size >> (8 * (level + 1))) - 1, WIDTH, tile)
            carried, level = perfect_root(tile), level + 1

    def root(self) -> bytes:
        """The root at the present size, from the right edge: an unfinished tile's hash is the last
        of the level above.
        """
        tail: list[bytes] = []
        for edge in self._edge:
            if edge or tail:
                tail = [fold(_cut(bytes(edge)) + tail)]
        return tail[0] if tail else sha256(b"").digest()

    def flush(self) -> None:
        """Write the partial tiles of the present size, so that a checkpoint may name it."""
        kept: set[Path] = set()
        if self._bundle:
            kept.add(self._keep(None, self.size // WIDTH, self.size % WIDTH, bytes(self._bundle)))
        for level, edge in enumerate(self._edge):
            if edge:
                count = self.size >> (8 * level)
                kept.add(self._keep(level, count // WIDTH, count % WIDTH, bytes(edge)))
        self._partial = kept

    def prune(self) -> None:
        """Remove the partial tiles that the last :meth:`flush` made useless. Called after the
        checkpoint is durable.
        """
        for folder in self._outgrown:
            shutil.rmtree(folder, ignore_errors=True)
        self._outgrown.clear()
        for kept in self._partial:
            for path in kept.parent.iterdir():
                if path != kept:
                    path.unlink(missing_ok=True)

    def _keep(self, level: Level, number: int, width: int, data: bytes) -> Path:
        path = self._folder / tile_path(level, number, width)
        if width == WIDTH and _partial_folder(path).is_dir():
            self._outgrown.append(_partial_folder(path))
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            make_folder(path.parent)
        else:
            if found == data:
                return path
            self.repaired += 1
        self._write(path, data)
        return path


def _partial_folder(tile: Path) -> Path:
    return tile.with_name(tile.name + ".p")


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]

"""Reading one machine's repository: blobs, trees, and what changed between two snapshots.

Own code beside restic because each restic command costs a process and a key derivation, and the
worker reads every snapshot within a second. It holds only what an index proved: a blob enters the
map after it was read from its pack, deciphered, and its hash found right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from releve.vault.errors import Unreadable
from releve.vault.objects import Kind
from releve.vault.ports import Objects
from releve.vault.restic_format import (
    Blob,
    Index,
    MasterKey,
    Node,
    Snapshot,
    open_blob,
    read_index,
    read_pack_header,
    read_snapshot,
    read_tree,
)

#: Deeper folders than this do not exist on any file system we back up.
MAX_DEPTH = 256
#: More entries than a machine's documents have; walking so many takes about ten seconds.
MAX_ENTRIES = 1_000_000
_MAX_CACHED_TREES = 20_000


class _Place(NamedTuple):
    pack: str
    blob: Blob


class FileChange(NamedTuple):
    """A file whose bytes differ between two snapshots; None = it is not there."""

    path: str
    before: Node | None
    after: Node | None


@dataclass(frozen=True)
class Difference:
    """``before`` and ``after`` count all files of each snapshot."""

    changes: tuple[FileChange, ...]
    unchanged: int
    before: int
    after: int


class Repository:
    """One repository opened with its master key. Not thread-safe."""

    def __init__(self, objects: Objects, master: MasterKey) -> None:
        self._objects = objects
        self._master = master
        self._places: dict[str, _Place] = {}
        self._packs: dict[str, tuple[Blob, ...]] = {}
        self._trees: dict[str, tuple[Node, ...]] = {}
        self._counts: dict[str, int] = {}
        self._complete: set[str] = set()
        self._left = MAX_ENTRIES

    def read_index(self, name: str) -> Index:
        """Open an index object; raises :class:`Unreadable`."""
        return read_index(self._master, self._objects.read(Kind.INDEX, name))

    def read_snapshot(self, name: str) -> Snapshot:
        """Open a snapshot object; raises :class:`Unreadable`."""
        return read_snapshot(self._master, self._objects.read(Kind.SNAPSHOTS, name))

    def prove_index(self, index: Index) -> None:
        """Read every blob the index claims, then learn it; raises :class:`Unreadable` and learns
        nothing when one pack was not received or does not hold what the index says.
        """
        fresh: dict[str, tuple[Blob, ...]] = {}
        for pack, claimed in index.packs.items():
            if pack not in self._packs:
                fresh[pack] = self._prove_pack(pack)
            held = set(self._packs.get(pack) or fresh[pack])
            if not set(claimed) <= held:
                raise Unreadable(what="l'index", why=f"le paquet {pack[:8]} ne contient pas cela")
        for pack, blobs in fresh.items():
            self._learn(pack, blobs)

    def trust_index(self, index: Index) -> None:
        """Learn an index that was proved before (its verdict is on record)."""
        for pack, blobs in index.packs.items():
            if pack not in self._packs:
                self._learn(pack, blobs)

    def prove_tree(self, tree: str, depth: int = 0) -> None:
        """Check that every folder below ``tree`` reads and every file's blobs are proved; raises
        :class:`Unreadable`. A folder proved once is not read again.
        """
        if tree in self._complete:
            return
        if depth > MAX_DEPTH:
            raise Unreadable(what="l'arborescence", why="trop profonde")
        for node in self.tree(tree):
            self.size(node)
            if node.subtree is not None:
                self.prove_tree(node.subtree, depth + 1)
        self._complete.add(tree)

    def blob(self, name: str) -> bytes:
        """A blob's bytes, hash checked; raises :class:`Unreadable`."""
        place = self._places.get(name)
        if place is None:
            raise Unreadable(what=f"le bloc {name[:8]}", why="aucun index valable ne le situe")
        start, length = place.blob.offset, place.blob.length
        sealed = self._objects.read(Kind.DATA, place.pack, start, start + length)
        return open_blob(self._master, sealed, place.blob)

    def content(self, node: Node) -> Iterator[bytes]:
        """A file's bytes, blob after blob; raises :class:`Unreadable`."""
        return (self.blob(name) for name in node.content)

    def size(self, node: Node) -> int:
        """A file's size in bytes, whatever its entry says, without reading it."""
        return sum(self._plain_length(name) for name in node.content)

    def tree(self, name: str) -> tuple[Node, ...]:
        """A folder's entries; raises :class:`Unreadable`."""
        nodes = self._trees.get(name)
        if nodes is None:
            if len(self._trees) >= _MAX_CACHED_TREES:
                self._trees.clear()
            nodes = self._trees[name] = read_tree(self.blob(name))
        return nodes

    def walk(self, tree: str) -> Iterator[tuple[str, Node]]:
        """Every entry below ``tree``, with its absolute path; raises :class:`Unreadable`."""
        self._left = MAX_ENTRIES
        return self._walk(tree, PurePosixPath("/"))

    def _walk(self, tree: str, path: PurePosixPath) -> Iterator[tuple[str, Node]]:
        _check_depth(path)
        for node in self.tree(tree):
            self._spend()
            below = path / node.name
            yield str(below), node
            if node.type == "dir" and node.subtree is not None:
                yield from self._walk(node.subtree, below)

    def count(self, tree: str, depth: int = 0) -> int:
        """How many files lie below ``tree``."""
        if depth > MAX_DEPTH:
            raise Unreadable(what="l'arborescence", why="trop profonde")
        if tree not in self._counts:
            files = sum(node.type == "file" for node in self.tree(tree))
            folders = (node.subtree for node in self.tree(tree) if node.subtree is not None)
            self._counts[tree] = files + sum(self.count(name, depth + 1) for name in folders)
        return self._counts[tree]

    def compare(self, before: str, after: str) -> Difference:
        """Files whose content differs between two trees; equal folders are not opened."""
        self._left = MAX_ENTRIES
        changes = tuple(self._changes(before, after, PurePosixPath("/")))
        total = self.count(after)
        touched = sum(1 for change in changes if change.after is not None)
        return Difference(changes, total - touched, self.count(before), total)

    def _changes(
        self, before: str | None, after: str | None, path: PurePosixPath
    ) -> Iterator[FileChange]:
        if before == after:
            return
        _check_depth(path)
        old, new = self._by_name(before), self._by_name(after)
        for name in sorted(old.keys() | new.keys()):
            was, now = old.get(name), new.get(name)
            self._spend()
            if _is(was, "file") or _is(now, "file"):
                yield from _file_change(str(path / name), was, now)
            yield from self._changes(_subtree(was), _subtree(now), path / name)

    def _spend(self) -> None:
        """A folder that holds itself many times over would otherwise never end."""
        self._left -= 1
        if self._left < 0:
            raise Unreadable(what="l'arborescence", why=f"plus de {MAX_ENTRIES} entrées")

    def _by_name(self, tree: str | None) -> Mapping[str, Node]:
        return {} if tree is None else {node.name: node for node in self.tree(tree)}

    def _prove_pack(self, pack: str) -> tuple[Blob, ...]:
        data = self._objects.read(Kind.DATA, pack)
        blobs = read_pack_header(self._master, data, len(data))
        for blob in blobs:
            open_blob(self._master, data[blob.offset : blob.offset + blob.length], blob)
        return blobs

    def _learn(self, pack: str, blobs: tuple[Blob, ...]) -> None:
        self._packs[pack] = blobs
        for blob in blobs:
            self._places[blob.id] = _Place(pack, blob)

    def _plain_length(self, name: str) -> int:
        place = self._places.get(name)
        if place is None:
            raise Unreadable(what=f"le bloc {name[:8]}", why="aucun index valable ne le situe")
        return place.blob.plain or place.blob.length - 32


def shown(path: str) -> str:
    """A path that can be printed and written: bytes that are not UTF-8 become « \ufffd »."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _check_depth(path: PurePosixPath) -> None:
    if len(path.parts) > MAX_DEPTH:
        raise Unreadable(what="l'arborescence", why="trop profonde")


def _is(node: Node | None, kind: str) -> bool:
    return node is not None and node.type == kind


def _subtree(node: Node | None) -> str | None:
    return node.subtree if node is not None and node.type == "dir" else None


def _file_change(path: str, was: Node | None, now: Node | None) -> Iterator[FileChange]:
    old = was if _is(was, "file") else None
    new = now if _is(now, "file") else None
    if old is None or new is None or old.content != new.content:
        yield FileChange(path, old, new)

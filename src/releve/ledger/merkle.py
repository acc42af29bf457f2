"""The Merkle tree of RFC 6962 §2.1 / RFC 9162 §2.1: hashing, proofs and their verification.

Hashes are 32 bytes. Proofs are computed from *nodes*: ``node(height, position)`` gives the hash of
the perfect subtree of ``2**height`` leaves that starts at leaf ``position << height``; tiles
supply it, a test may use a list. Proofs exist only for 0 < size: at size 0 anything would verify.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from releve.ledger.errors import ProofRefused

HASH_BYTES = 32
Node = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), RFC 9162 §2.1.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), RFC 9162 §2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root of one or more hashes taken as leaves."""
    level = list(hashes)
    while len(level) > 1:
        paired = [
            sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)
        ]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def perfect_root(hashes: bytes) -> bytes:
    """The root of a power of two of hashes laid end to end, as tiles hold them."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join(
            [sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 64)]
        )
    return hashes


def range_hash(first: int, end: int, node: Node) -> bytes:
    """The root of leaves ``[first, end)``; ``first`` is aligned as RFC 9162's splits leave it."""
    count = end - first
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node(height, first >> height)
    middle = first + _split(count)
    return node_hash(range_hash(first, middle, node), range_hash(middle, end, node))


def root_hash(size: int, node: Node) -> bytes:
    """The root at ``size``; the empty tree's is SHA-256 of nothing."""
    return range_hash(0, size, node) if size else sha256(b"").digest()


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The path from leaf ``index`` to the root at ``size``, leaf first (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < size:
        raise ProofRefused(why=f"l'entrée {index} n'est pas dans un registre de {size} entrées")
    path: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(first, middle, node))
            first = middle
    return path[::-1]


def consistency_proof(old_size: int, size: int, node: Node) -> list[bytes]:
    """That the tree of ``size`` extends the one of ``old_size`` (RFC 9162 §2.1.4.1)."""
    if not 0 < old_size <= size:
        raise ProofRefused(why=f"un registre de {size} entrées n'en prolonge pas un de {old_size}")
    path: list[bytes] = []
    first, end, inside = 0, size, True
    while old_size != end:
        middle = first + _split(end - first)
        if old_size <= middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(first, middle, node))
            first, inside = middle, False
    if not inside:
        path.append(range_hash(first, end, node))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """RFC 9162 §2.1.3.2; False for size 0, an index outside, a proof too short or too long."""
    if not 0 <= index < size:
        return False
    place, last, seen = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            seen = node_hash(step, seen)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            seen = node_hash(seen, step)
        place, last = place >> 1, last >> 1
    return last == 0 and seen == root


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """RFC 9162 §2.1.4.2; False for size 0 and for a log that shrank."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_seen = seen = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_seen, seen = node_hash(step, old_seen), node_hash(step, seen)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            seen = node_hash(seen, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old_seen == old_root and seen == root


def _split(count: int) -> int:
    """The largest power of two strictly below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)

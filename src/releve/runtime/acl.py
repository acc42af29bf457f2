"""POSIX access lists, as the kernel keeps them (acl(5), ``include/uapi/linux/posix_acl_xattr.h``).

A list names users besides the owner. A folder has two: its own, and the default that what is
created in it inherits; there the mode given at creation only lowers what the list grants.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
_VERSION = 2
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NOBODY = 0xFFFFFFFF
READ, WRITE, PASS = 4, 2, 1


def encode(owner: int, users: Mapping[int, int]) -> bytes:
    """A list: the owner's bits, each user's (uid → bits), nothing for the group nor for others."""
    mask = 0
    for bits in users.values():
        mask |= bits
    entries = [(_USER_OBJ, owner, _NOBODY)]
    entries += [(_USER, bits, uid) for uid, bits in sorted(users.items())]
    entries += [(_GROUP_OBJ, 0, _NOBODY), (_MASK, mask, _NOBODY), (_OTHER, 0, _NOBODY)]
    packed = (struct.pack("<HHI", tag, bits, uid) for tag, bits, uid in entries)
    return struct.pack("<I", _VERSION) + b"".join(packed)


def decode(data: bytes) -> dict[int, int]:
    """uid → bits that the mask leaves, of the users a list names."""
    (version,) = struct.unpack_from("<I", data)
    if version != _VERSION:
        raise ValueError(f"liste d'accès de version {version}")
    entries = list(struct.iter_unpack("<HHI", data[4:]))
    mask = next((bits for tag, bits, _ in entries if tag == _MASK), 7)
    return {uid: bits & mask for tag, bits, uid in entries if tag == _USER}


def put(descriptor: int, name: str, data: bytes) -> None:
    """On an open file, or one opened by its path alone (``O_PATH``: sockets): never by a name that
    may have changed meanwhile. Raises ``OSError`` where the file system keeps no lists.
    """
    os.setxattr(f"/proc/self/fd/{descriptor}", name, data)

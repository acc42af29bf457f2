"""restic's repository format, version 2: sealed bytes to values and, for enrolment, back.

Source: restic, *Design* (« Repository Format », « Pack Format », « Indexing », « Keys, Encryption
and MAC »). Nothing here touches a disk or a network. Bytes come from machines that may be owned
by an intruder: every length is checked, every decompression is bounded, and whatever does not read
raises :class:`~releve.vault.errors.Unreadable`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

from releve.kernel.clock import iso
from releve.kernel.units import MIB
from releve.vault.errors import Unreadable
from releve.vault.objects import is_object_name

#: Nonce before and MAC after each sealed text (restic: « crypto.Extension »).
OVERHEAD = 32
#: Larger than any blob restic writes (chunks ≤ 8 MiB; trees of very large folders).
MAX_BLOB = 64 * MIB
#: Decompressed index, snapshot or lock.
MAX_DOCUMENT = 256 * MIB
#: The password is 256 random bits: a costly derivation would protect nothing (decision 0007).
SCRYPT_N, SCRYPT_R, SCRYPT_P = 32768, 8, 1
_SCRYPT_MEMORY = 512 * MIB

BlobType = Literal["data", "tree"]

#: What a well-sealed but absurd document may raise while it is being read.
_MALFORMED = (KeyError, TypeError, ValueError, OverflowError, AttributeError)


@dataclass(frozen=True)
class MasterKey:
    """AES-256 key and the two halves of the Poly1305-AES key (k: AES-128, r: multiplier)."""

    encrypt: bytes
    mac_k: bytes
    mac_r: bytes


@dataclass(frozen=True)
class Config:
    """A repository's identity; ``polynomial`` (hexadecimal) cuts files into chunks."""

    version: int
    id: str
    polynomial: str


@dataclass(frozen=True)
class Blob:
    """Where one blob lies in its pack. ``plain`` is its length once decompressed, 0 when stored
    as is.
    """

    id: str
    type: BlobType
    offset: int
    length: int
    plain: int


@dataclass(frozen=True)
class Index:
    """What an index claims: the blobs of each pack."""

    packs: dict[str, tuple[Blob, ...]]


@dataclass(frozen=True)
class Snapshot:
    """``time`` is the machine's own word, never used to decide anything."""

    tree: str
    time: str
    paths: tuple[str, ...]
    hostname: str


@dataclass(frozen=True)
class Node:
    """One entry of a folder; ``content`` lists the data blobs of a file, in order."""

    name: str
    type: str
    size: int
    content: tuple[str, ...]
    subtree: str | None
    linktarget: str


_SIMPLE_ESCAPES = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
    b"\\": b"\\", b"'": b"'", b'"': b'"',
}  # fmt: skip
_ESCAPE = re.compile(
    rb"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.|$)", re.DOTALL
)


def new_master_key() -> MasterKey:
    """Fresh random keys; r is clamped as Poly1305 demands."""
    r = bytearray(os.urandom(16))
    for place in (3, 7, 11, 15):
        r[place] &= 15
    for place in (4, 8, 12):
        r[place] &= 252
    return MasterKey(os.urandom(32), os.urandom(16), bytes(r))


def seal(key: MasterKey, plain: bytes) -> bytes:
    """nonce ‖ AES-256-CTR(plain) ‖ Poly1305-AES(ciphertext)."""
    nonce = os.urandom(16)
    cipher = Cipher(algorithms.AES(key.encrypt), modes.CTR(nonce)).encryptor()
    text = cipher.update(plain) + cipher.finalize()
    return nonce + text + _mac(key, nonce, text)


def unseal(key: MasterKey, sealed: bytes, what: str = "l'objet") -> bytes:
    """The inverse of :func:`seal`; raises :class:`Unreadable` when the MAC does not hold."""
    if len(sealed) < OVERHEAD:
        raise Unreadable(what=what, why="trop court pour un texte chiffré")
    nonce, text, mac = sealed[:16], sealed[16:-16], sealed[-16:]
    try:
        Poly1305.verify_tag(_one_time_key(key, nonce), text, mac)
    except InvalidSignature:
        raise Unreadable(what=what, why="il n'est pas chiffré par la clé de la machine") from None
    cipher = Cipher(algorithms.AES(key.encrypt), modes.CTR(nonce)).decryptor()
    return cipher.update(text) + cipher.finalize()


def open_key_file(data: bytes, password: str) -> MasterKey:
    """The master key inside a file of ``keys/``; raises :class:`Unreadable`."""
    fields = _json(data, "le fichier de clé")
    try:
        n, r, p = int(fields["N"]), int(fields["r"]), int(fields["p"])
        salt, sealed = _b64(fields["salt"]), _b64(fields["data"])
        if fields["kdf"] != "scrypt" or not 1 < n <= 1 << 20 or not 0 < r * p <= 1024:
            raise ValueError("paramètres scrypt hors limites")
        user = _derive(password, salt, n, r, p)
        master = json.loads(unseal(user, sealed, "le fichier de clé"))
        return MasterKey(
            _b64(master["encrypt"]), _b64(master["mac"]["k"]), _b64(master["mac"]["r"])
        )
    except _MALFORMED as error:
        raise Unreadable(what="le fichier de clé", why=error) from error


def make_key_file(master: MasterKey, password: str, machine: str, now: datetime) -> bytes:
    """A key file that opens ``master``; its name in ``keys/`` is its SHA-256."""
    inner = {
        "mac": {"k": _text(master.mac_k), "r": _text(master.mac_r)},
        "encrypt": _text(master.encrypt),
    }
    salt = os.urandom(64)
    user = _derive(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    fields = {
        "created": iso(now),
        "username": "releve",
        "hostname": machine,
        "kdf": "scrypt",
        "N": SCRYPT_N,
        "r": SCRYPT_R,
        "p": SCRYPT_P,
        "salt": _text(salt),
        "data": _text(seal(user, json.dumps(inner).encode())),
    }
    return json.dumps(fields).encode()


def make_config(master: MasterKey, polynomial: str) -> bytes:
    """A sealed ``config`` of a new repository, version 2, with the common polynomial."""
    fields = {"version": 2, "id": os.urandom(32).hex(), "chunker_polynomial": polynomial}
    return seal(master, json.dumps(fields).encode())


def read_config(master: MasterKey, sealed: bytes) -> Config:
    """Open ``config``; raises :class:`Unreadable`."""
    fields = _json(unseal(master, sealed, "config"), "config")
    try:
        return Config(int(fields["version"]), str(fields["id"]), str(fields["chunker_polynomial"]))
    except _MALFORMED as error:
        raise Unreadable(what="config", why=error) from error


def read_document(master: MasterKey, sealed: bytes, what: str) -> dict[str, Any]:
    """An index, snapshot or lock: sealed JSON, alone or behind the byte 2 and zstd."""
    plain = unseal(master, sealed, what)
    if plain[:1] == b"\x02":
        plain = decompress(plain[1:], MAX_DOCUMENT, what)
    return _json(plain, what)


def read_index(master: MasterKey, sealed: bytes) -> Index:
    """Open an index; raises :class:`Unreadable`."""
    fields = read_document(master, sealed, "l'index")
    try:
        packs: dict[str, tuple[Blob, ...]] = {}
        for pack in fields.get("packs") or ():
            blobs = tuple(_blob(blob) for blob in pack["blobs"])
            packs[_id(pack["id"])] = packs.get(pack["id"], ()) + blobs
        return Index(packs)
    except _MALFORMED as error:
        raise Unreadable(what="l'index", why=error) from error


def read_snapshot(master: MasterKey, sealed: bytes) -> Snapshot:
    """Open a snapshot; raises :class:`Unreadable`."""
    fields = read_document(master, sealed, "la sauvegarde")
    try:
        return Snapshot(
            _id(fields["tree"]),
            str(fields.get("time", "")),
            tuple(str(path) for path in fields.get("paths") or ()),
            str(fields.get("hostname", "")),
        )
    except _MALFORMED as error:
        raise Unreadable(what="la sauvegarde", why=error) from error


def read_tree(plain: bytes) -> tuple[Node, ...]:
    """A folder's entries; a name that would leave the folder raises :class:`Unreadable`."""
    fields = _json(plain, "le dossier")
    try:
        return tuple(_node(node) for node in fields["nodes"] or ())
    except _MALFORMED as error:
        raise Unreadable(what="le dossier", why=error) from error


def read_pack_header(master: MasterKey, tail: bytes, pack_size: int) -> tuple[Blob, ...]:
    """The blobs a pack says it holds. ``tail`` = at least its last ``header + 4`` bytes."""
    if len(tail) < 4 + OVERHEAD:
        raise Unreadable(what="le paquet", why="trop court")
    (length,) = struct.unpack("<I", tail[-4:])
    if length + 4 > len(tail):
        raise Unreadable(what="le paquet", why="en-tête tronqué")
    header = unseal(master, tail[-4 - length : -4], "l'en-tête du paquet")
    blobs = tuple(_header_entries(header))
    if sum(blob.length for blob in blobs) + length + 4 != pack_size:
        raise Unreadable(what="le paquet", why="l'en-tête ne décrit pas tout le paquet")
    return blobs


def open_blob(master: MasterKey, sealed: bytes, blob: Blob) -> bytes:
    """A blob's bytes, checked against its name (SHA-256); raises :class:`Unreadable`."""
    plain = unseal(master, sealed, f"le bloc {blob.id[:8]}")
    if blob.plain:
        plain = decompress(plain, min(blob.plain, MAX_BLOB), f"le bloc {blob.id[:8]}")
    if hashlib.sha256(plain).hexdigest() != blob.id:
        raise Unreadable(what=f"le bloc {blob.id[:8]}", why="son contenu n'a pas l'empreinte dite")
    return plain


def decompress(data: bytes, limit: int, what: str) -> bytes:
    """zstd, refusing to produce more than ``limit`` bytes."""
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            plain = reader.read(limit + 1)
    except zstandard.ZstdError as error:
        raise Unreadable(what=what, why=error) from error
    if len(plain) > limit:
        raise Unreadable(what=what, why="trop grand une fois décompressé")
    return plain


def _header_entries(header: bytes) -> Iterator[Blob]:
    place = offset = 0
    while place < len(header):
        compressed = header[place] in (2, 3)
        size = 41 if compressed else 37
        if header[place] > 3 or place + size > len(header):
            raise Unreadable(what="l'en-tête du paquet", why="entrée inconnue ou tronquée")
        kind: BlobType = "tree" if header[place] in (1, 3) else "data"
        (length,) = struct.unpack_from("<I", header, place + 1)
        plain = struct.unpack_from("<I", header, place + 5)[0] if compressed else 0
        yield Blob(header[place + size - 32 : place + size].hex(), kind, offset, length, plain)
        offset += length
        place += size


def _blob(fields: dict[str, Any]) -> Blob:
    kind = fields["type"]
    if kind not in ("data", "tree"):
        raise ValueError(f"type de bloc inconnu {kind!r}")
    blob = Blob(
        _id(fields["id"]),
        kind,
        int(fields["offset"]),
        int(fields["length"]),
        int(fields.get("uncompressed_length") or 0),
    )
    if blob.offset < 0 or not OVERHEAD <= blob.length <= MAX_BLOB or blob.plain > MAX_BLOB:
        raise ValueError("longueur de bloc hors limites")
    return blob


def _node(fields: dict[str, Any]) -> Node:
    name = unquote(str(fields["name"]))
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"nom refusé {name!r}")
    subtree = fields.get("subtree")
    return Node(
        name,
        str(fields["type"]),
        int(fields.get("size") or 0),
        tuple(_id(part) for part in fields.get("content") or ()),
        None if subtree is None else _id(subtree),
        str(fields.get("linktarget", "")),
    )


def unquote(quoted: str) -> str:
    """A file's name as the system gives it: restic writes names as Go string literals.

    Bytes that are not UTF-8 come back as Python gives them (``surrogateescape``). Source: Go,
    ``strconv.Unquote``; raises ``ValueError`` for an escape that does not exist.
    """
    if "\\" not in quoted:
        return quoted.encode().decode()
    raw = _ESCAPE.sub(_escape, quoted.encode())
    return os.fsdecode(raw)


def _escape(found: re.Match[bytes]) -> bytes:
    text = found.group()[1:]
    if text[:1] in (b"u", b"U"):
        return chr(int(text[1:], 16)).encode()
    if text[:1] == b"x":
        return bytes((int(text[1:], 16),))
    if text in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[text]
    if text.isdigit():
        return bytes((int(text, 8),))
    raise ValueError(f"échappement inconnu {text!r}")


def _id(text: object) -> str:
    if not isinstance(text, str) or not is_object_name(text):
        raise ValueError(f"identifiant refusé {str(text)[:80]!r}")
    return text


def _json(data: bytes, what: str) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(what=what, why=f"JSON attendu ({error})") from error
    if not isinstance(fields, dict):
        raise Unreadable(what=what, why="objet JSON attendu")
    return fields


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> MasterKey:
    raw = hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_SCRYPT_MEMORY, dklen=64
    )
    return MasterKey(raw[:32], raw[32:48], raw[48:])


def _one_time_key(key: MasterKey, nonce: bytes) -> bytes:
    # Poly1305-AES: the pad is the nonce enciphered by k; ECB on one block is that definition.
    block = Cipher(algorithms.AES(key.mac_k), modes.ECB()).encryptor()  # noqa: S305
    return key.mac_r + block.update(nonce) + block.finalize()


def _mac(key: MasterKey, nonce: bytes, text: bytes) -> bytes:
    return Poly1305.generate_tag(_one_time_key(key, nonce), text)


def _b64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

#!/usr/bin/env python3
"""Vérifie un export du registre Relève, ou une preuve. Python 3.9 ou plus, rien à installer.

    python3 -I verify.py DOSSIER [--key VKEY|EMPREINTE|FICHIER] [--checkpoint FICHIER]
    python3 -I verify.py inclusion FICHIER.json
    python3 -I verify.py consistency FICHIER.json

0 = cohérent (ou preuve vraie), 1 = faux, et ce qui est faux est nommé, 2 = demande illisible.
Sources: RFC 9162 §2.1, RFC 8032 §5.1.7, RFC 8785, C2SP signed-note, tlog-checkpoint, tlog-tiles.
Nothing of Relève is imported, and few lines are left blank, so that a stranger reads it whole.
"""

# fmt: off
from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

OWN_FILES = {"LISEZMOI.txt", "checkpoint", "manifest.json", "verify.py", "vkey"}
REALITIES = {"drill": {"simulé"}, "real": {"technique", "terrain"}}
TEST_FINESS = {"990000010", "990000028", "990000036", "990000044"}
BIGGEST_FILE, MAX_SIZE, HEX = 1 << 26, 1 << 62, re.compile(r"[0-9a-fA-F]{64}")

class Wrong(Exception):
    """What was checked is false: exit 1. What cannot be read is a ValueError or OSError: exit 2."""

# --- Ed25519 (RFC 8032 §5.1.7), verification only ------------------------------------------------
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
Head = tuple[int, bytes]
Seen = dict[tuple[str, int], int]
Json = dict[str, Any]
def decode_point(data: bytes) -> Point | None:
    y, sign = int.from_bytes(data, "little") & ((1 << 255) - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    on_curve = y < P and (x * x - square) % P == 0 and (x or not sign)
    return (P - x if x & 1 != sign else x, y) if on_curve else None
def add(a: Point, b: Point) -> Point:
    product = D * a[0] * b[0] * a[1] * b[1]
    return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P) % P,
            (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P)
def times(factor: int, point: Point) -> Point:
    result = (0, 1)
    while factor:
        result = add(result, point) if factor & 1 else result
        point, factor = add(point, point), factor >> 1
    return result

BASE = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def ed25519_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    key, scalar = decode_point(public), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or BASE is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    factor = int.from_bytes(digest, "little") % ORDER
    x, y = add(times(scalar, BASE), times(factor, (P - key[0], key[1])))
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]

# --- Merkle tree (RFC 9162 §2.1) -----------------------------------------------------------------
def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
def fold(level: list[bytes]) -> bytes:
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + odd
    return level[0]
def climb(place: int, last: int, seen: bytes, proof: list[bytes]) -> tuple[bytes, bytes] | None:
    """(root of the tree that ends at ``place``, root), or None when the proof's length is wrong."""
    old = seen
    for step in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, seen = node_hash(step, old), node_hash(step, seen)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            seen = node_hash(seen, step)
        place, last = place >> 1, last >> 1
    return (old, seen) if last == 0 else None
def inclusion_holds(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    found = climb(index, size - 1, leaf, proof) if index < size else None
    return found is not None and found[1] == root
def consistency_holds(m: int, old_root: bytes, n: int, root: bytes, proof: list[bytes]) -> bool:
    path = ([old_root] if m & (m - 1) == 0 else []) + proof
    if not 0 < m < n or not path:
        return 0 < m == n and not proof and old_root == root
    place, last = m - 1, n - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    return climb(place, last, path[0], path[1:]) == (old_root, root)

# --- keys, notes, checkpoints --------------------------------------------------------------------
SIGNATURES = r"((?:— [^ \n]+ [^ \n]+\n){1,100})"
NOTE = re.compile(r"((.+)\n([1-9][0-9]{0,17})\n(.+)\n(?:.+\n)*)\n" + SIGNATURES)

class Key(NamedTuple):
    name: str
    public: bytes
    hash: bytes
    fingerprint: str
def unbase64(text: str) -> bytes:
    """Strict; nothing when ``text`` is not the one encoding of its bytes."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""
def parse_key(text: str) -> Key | None:
    name, hash_text, encoded = (*text.strip().split("+", 2), "", "")[:3]
    raw = unbase64(encoded)
    short = hashlib.sha256(name.encode("utf-8", "replace") + b"\n" + raw).digest()[:4]
    if len(raw) != 33 or raw[:1] != b"\x01" or name.split() != [name] or short.hex() != hash_text:
        return None
    return Key(name, raw[1:], short, hashlib.sha256(raw[1:]).hexdigest())
def read_anchor(text: str) -> str:
    """A vkey, or a fingerprint copied from paper: any case, groups parted by blanks or colons."""
    if os.path.isfile(text):
        text = read(text, ValueError).decode("utf-8-sig", "replace")
    text = text if parse_key(text) else re.sub(r"[\s:]", "", text).lower()
    if not parse_key(text) and not HEX.fullmatch(text):
        raise ValueError("--key : ni une clé (nom+empreinte+base64), ni une empreinte")
    return text
def as_written(data: bytes) -> bytes:
    """A note without what copying adds: byte order mark, CR, blank lines, blanks at line ends."""
    text = re.sub(r"[ \t\r]*\n", "\n", data.decode("utf-8-sig", "replace").strip() + "\n")
    return re.sub(r"\n\n+", "\n\n", text).encode()
def open_checkpoint(data: bytes, key: Key, name: str, refusal: type[Exception] = Wrong) -> Head:
    """(size, root) of a checkpoint that ``key`` signed once, under its own name."""
    match = NOTE.fullmatch(data.decode("utf-8", "replace"))
    if match is None:
        raise refusal(f"{name} : ce n'est pas un point de contrôle")
    body, origin, size, root64, block = match.groups()
    lines = [line.split(" ") for line in block.split("\n")[:-1]]
    signed = {(who, unbase64(raw)[:4]): unbase64(raw)[4:] for _, who, raw in lines}
    if len(signed) != len(lines) or not all(signed.values()):
        raise Wrong(f"{name} : ligne de signature illisible, ou deux de la même clé")
    if not ed25519_verifies(key.public, body.encode(), signed.get((key.name, key.hash), b"")):
        raise Wrong(f"{name} : il n'est pas signé par la clé {key.fingerprint}")
    root = unbase64(root64)
    if origin != key.name or len(root) != 32:
        raise Wrong(f"{name} : origine ou racine impossible")
    return int(size), root

# --- the folder ----------------------------------------------------------------------------------
def read(path: str, refusal: type[Exception] = Wrong) -> bytes:
    if not os.path.isfile(path) or os.path.getsize(path) > BIGGEST_FILE:
        raise refusal(f"{path} : fichier absent, ou de taille impossible")
    with open(path, "rb") as file:
        return file.read()
def files_of(folder: str, below: str = "") -> Iterator[str]:
    """Every file, and every empty folder with « / » at its end."""
    entries = sorted(os.scandir(os.path.join(folder, below)), key=lambda e: e.name)
    if below and not entries:
        yield f"{below}/"
    for entry in entries:
        name = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False) and name.count("/") < 9:
            yield from files_of(folder, name)
        elif entry.is_file(follow_symlinks=False):
            yield name
        else:
            raise Wrong(f"{name!r} : ni fichier ni dossier du registre (lien, tube…)")
def check_manifest(folder: str, names: list[str]) -> None:
    """It is byte for byte what the exporter writes of the other files; else, tell why."""
    rows = {name: {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name in names for data in [read(f"{folder}/{name}")]}
    written = read(f"{folder}/manifest.json")
    if written == json.dumps({"files": [*rows.values()]}, indent=1).encode():
        return
    try:
        listed = {str(row["path"]): dict(row) for row in json.loads(written.decode())["files"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Wrong("manifest.json : illisible") from None
    for name in sorted(rows.keys() | listed.keys()):
        if rows.get(name) != listed.get(name):
            raise Wrong(f"{name!r} : ce fichier " + (
                "manque" if name not in rows else "est en trop, hors du manifeste"
                if name not in listed else "a changé, ou sa ligne du manifeste"))
    raise Wrong("manifest.json : ce ne sont pas les octets qu'écrit l'export")
def tile_path(level: str, number: int, width: int) -> str:
    digits, rest = f"{number % 1000:03d}", number // 1000
    while rest:
        digits, rest = f"x{rest % 1000:03d}/{digits}", rest // 1000
    return f"tile/{level}/{digits}" + ("" if width == 256 else f".p/{width}")
def tile_names(size: int) -> Iterator[str]:
    hashes = [(str(k), size >> 8 * k) for k in range(8) if size >> 8 * k]
    for level, count in [("entries", size), *hashes]:
        for number in range((count + 255) // 256):
            yield tile_path(level, number, min(256, count - 256 * number))

def check_tiles(folder: str, hashes: list[bytes], level: int = 0) -> None:
    for first in range(0, len(hashes), 256):
        tile = hashes[first : first + 256]
        name = tile_path(str(level), first // 256, len(tile))
        if read(f"{folder}/{name}") != b"".join(tile):
            raise Wrong(f"{name} : cette tuile ne découle pas des entrées")
    above = [fold(hashes[first : first + 256]) for first in range(0, len(hashes) - 255, 256)]
    if above:
        check_tiles(folder, above, level + 1)
def entries_of(folder: str, number: int, width: int) -> list[bytes]:
    name = tile_path("entries", number, width)
    data, at, found = read(f"{folder}/{name}"), 0, []
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(found) != width:
        raise Wrong(f"{name} : octets en trop ou en moins")
    return found
def once(pairs: list[tuple[str, Any]]) -> Json:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("une clé y figure deux fois")
    return dict(sorted(pairs, key=lambda pair: pair[0].encode("utf-16-be")))
def ecmascript(text: str) -> str:
    """U+D800, which no UTF-8 holds, then the number as RFC 8785 §3.2.2.3 has it."""
    value = float(text)
    plain = value == 0 or 1e-6 <= abs(value) < 1e21
    short = format(Decimal(repr(value)).normalize(), "f") if plain else repr(value)
    return "\ud800" + short.replace("e-0", "e-")
def parse_entry(data: bytes) -> Json:
    """What RFC 8785 writes as ``data``; raises ValueError when there is none."""
    entry: Json = json.loads(data.decode(), object_pairs_hook=once, parse_float=ecmascript)
    text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    if re.sub('"\ud800([^"]*)"', r"\1", text).encode() != data:
        raise ValueError("écriture non canonique")
    return entry
def check_entry(index: int, data: bytes, key: Key, birth: Json, seen: Seen) -> Json:
    """One entry against the birth of its log (entry 0's detail, which is returned)."""
    try:
        entry = parse_entry(data)
        birth = birth or dict(entry["detail"])
        world, name = birth["world"], f"releve/{birth['home']}/{birth['epoch']}"
        kind, reality, finess = entry["kind"], entry["reality"], entry["finess"]
        right_reality, tested = reality in REALITIES[world], finess in TEST_FINESS
        first = seen.setdefault((entry["origin"], entry["number"]), index)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Wrong(f"entrée {index} : ce n'est pas une preuve en JSON canonique") from None
    if first != index:
        raise Wrong(f"entrée {index} : même origine et même numéro que l'entrée {first}")
    if (kind == "birth") != (index == 0):
        raise Wrong(f"entrée {index} : la naissance du registre est l'entrée 0, et elle seule")
    if birth.get("key") != key.fingerprint or name != key.name:
        raise Wrong("entrée 0 : elle nomme une autre clé ou un autre dossier que la signature")
    if not right_reality or ((finess is not None or index) and tested != (world == "drill")):
        raise Wrong(f"entrée {index} : « {reality} », FINESS {finess}, dans un registre {world}")
    return birth
def check_entries(folder: str, key: Key, head: Head, old: Head | None) -> str:
    birth, seen, leaves = Json(), Seen(), list[bytes]()
    for number in range((head[0] + 255) // 256):
        for data in entries_of(folder, number, min(256, head[0] - 256 * number)):
            birth = check_entry(len(leaves), data, key, birth, seen)
            leaves.append(hashlib.sha256(b"\x00" + data).digest())
    if old and fold(leaves[: old[0]]) != old[1]:
        raise Wrong("fourche : les entrées du point de contrôle gardé ont changé")
    check_tiles(folder, leaves)
    if fold(leaves) != head[1]:
        raise Wrong("checkpoint : la racine signée n'est pas celle des entrées")
    return str(birth["world"])
def verify_folder(folder: str, anchor: str | None, kept: bytes | None) -> list[str]:
    present = set(files_of(folder)) if os.path.isdir(folder) else set()
    if not present:
        raise ValueError(f"{folder} : rien à vérifier, ce dossier est absent ou vide")
    check_manifest(folder, sorted(n for n in present - {"manifest.json"} if n[-1] != "/"))
    key = parse_key(read(f"{folder}/vkey").decode("utf-8", "replace"))
    if key is None:
        raise Wrong("vkey : clé illisible")
    if anchor and anchor != key.fingerprint and parse_key(anchor) != key:
        raise Wrong(f"vkey : la clé du dossier ({key.fingerprint}) n'est pas celle attendue")
    size, root = open_checkpoint(read(f"{folder}/checkpoint"), key, "checkpoint")
    old = open_checkpoint(kept, key, "point de contrôle gardé", ValueError) if kept else None
    if old and old[0] > size:
        raise Wrong(f"retour en arrière : {size} entrées, {old[0]} au point de contrôle gardé")
    expected = OWN_FILES.union(tile_names(min(size, 256 * len(present))))
    for name in sorted(expected ^ present):
        why = "ce fichier manque" if name in expected else "en trop"
        raise Wrong(f"{name!r} : {why} dans un registre de {size} entrées")
    world = check_entries(folder, key, (size, root), old)
    verdict = "authentique : signé par la clé attendue" if anchor or old else "NON ANCRÉ"
    advice = (f"prolonge le point de contrôle gardé ({old[0]} entrées)" if old else
              "un retour en arrière ne se voit qu'avec --checkpoint" if anchor else
              "comparez l'empreinte au papier ou au témoin, ou donnez --key, --checkpoint")
    return [f"cohérent, {verdict}", f"empreinte de la clé : {key.fingerprint}",
            f"registre : {key.name} ({'SIMULATION' if world == 'drill' else 'RÉEL'})",
            f"entrées : {size}", f"racine : {root.hex()}", advice]

# --- proofs, and what was asked ------------------------------------------------------------------
FIELDS = {"inclusion": ("leaf_hash", "index", "size", "proof", "root"),
          "consistency": ("old_size", "old_root", "size", "root", "proof")}
def field(name: str, value: object) -> object:
    if name == "proof" and isinstance(value, list) and len(value) <= 128:
        return [field("proof_hash", item) for item in value]
    if name.endswith(("index", "size")) and type(value) is int and 0 <= value <= MAX_SIZE:
        return value
    if name.endswith(("root", "hash")) and isinstance(value, str) and HEX.fullmatch(value):
        return bytes.fromhex(value)
    raise ValueError(f"{name} : ni entier positif, ni 64 chiffres hexadécimaux, ni leur liste")
def verify_proof(kind: str, data: bytes) -> bool:
    try:
        found = json.loads(data.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise ValueError("JSON illisible, ou une clé y figure deux fois") from None
    if not isinstance(found, dict) or set(found) != set(FIELDS[kind]):
        raise ValueError(f"il faut les champs {', '.join(FIELDS[kind])}, chacun une fois")
    values: list[Any] = [field(name, found[name]) for name in FIELDS[kind]]
    return inclusion_holds(*values) if kind == "inclusion" else consistency_holds(*values)

class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"demande mal écrite\n\n{__doc__}")
def run(arguments: list[str]) -> tuple[int, str]:
    if len(arguments) == 2 and arguments[0] in FIELDS:
        holds = verify_proof(arguments[0], read(arguments[1], ValueError))
        return (0, "vrai") if holds else (1, "FAUX : la preuve ne mène pas à la racine")
    if arguments in (["-h"], ["--help"]):
        return 0, str(__doc__)
    parser = Parser(add_help=False, allow_abbrev=False)
    for argument in ("folder", "--key", "--checkpoint"):
        parser.add_argument(argument)
    asked = parser.parse_args(arguments)
    anchor = None if asked.key is None else read_anchor(asked.key)
    kept = None if asked.checkpoint is None else as_written(read(asked.checkpoint, ValueError))
    return 0, "\n".join(verify_folder(asked.folder, anchor, kept))

def main(arguments: list[str]) -> int:
    try:
        code, said = run(arguments)
    except Wrong as error:
        code, said = 1, f"FAUX. {error}"
    except (OSError, ValueError) as error:
        broken = isinstance(error, OSError) and f"{error.filename or 'disque'} : lecture impossible"
        code, said = 2, f"Illisible. {broken or error}"
    sys.stdout.write(said + "\n")
    return code

if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))

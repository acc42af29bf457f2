"""What is handed to a stranger: the proof that one entry is there, or the whole log as files with
their manifest and what verifies them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from releve.kernel.durable import fsync_folder, make_folder, write_durably
from releve.kernel.errors import BadInput
from releve.kernel.home import Home
from releve.ledger.errors import ExportRefused
from releve.ledger.merkle import inclusion_proof, leaf_hash
from releve.ledger.note import Checkpoint, VerifyKey, read_checkpoint
from releve.ledger.place import Place
from releve.ledger.tiles import TileReader, tile_path, tiles_of

MANIFEST = "manifest.json"
_READ_ME = """\
Registre de preuve Relève
=========================

Ce dossier se vérifie sans Relève, avec Python 3.9 ou plus et rien d'autre :

    python3 -I verify.py .

« cohérent, NON ANCRÉ » veut dire : rien ne manque, rien n'est en trop, tout est signé par une même
clé. Cela ne dit pas à qui est cette clé. Comparez son empreinte à celle imprimée sur papier ou
gardée par un témoin :

    python3 -I verify.py . --key EMPREINTE
    python3 -I verify.py . --checkpoint point-de-controle-garde

Empreinte de la clé (SHA-256) : {fingerprint}
Registre : {origin}
Entrées : {size}
Racine : {root}

Prenez verify.py d'une source à vous (il tient en 350 lignes) si vous ne faites pas confiance à
celui-ci : ce texte et verify.py ne sont couverts que par manifest.json, qui n'est pas signé ;
tout le reste l'est par « checkpoint ». Le format est celui de C2SP (tlog-tiles, signed-note) :
d'autres outils le lisent.
"""


def inclusion(index: int, head: Checkpoint, tiles: TileReader) -> dict[str, object]:
    """The object that ``verify.py inclusion`` reads: entry ``index`` under ``head``.

    Raises ``ProofRefused`` when ``head`` does not cover the entry, or ``TileUnreadable``.
    """
    path = inclusion_proof(index, head.size, tiles.node_at(head.size))
    return {
        "leaf_hash": leaf_hash(tiles.entry(index, head.size)).hex(),
        "index": index,
        "size": head.size,
        "proof": [step.hex() for step in path],
        "root": head.root.hex(),
    }


def export(home: Home, folder: Path) -> Checkpoint:
    """Copy what is published of ``home``'s log into a new ``folder``, beside a running signer or
    not; returns its head.

    The bytes are copied as they lie: verifying them is the reader's part. Raises
    :class:`ExportRefused` (nothing is left behind), ``TileUnreadable``, or ``BadInput`` for a
    folder inside the log itself.
    """
    folder = Path(os.path.abspath(folder))
    if folder.resolve().is_relative_to(Place(home).folder.resolve()):
        raise BadInput(
            where=folder,
            what="c'est le dossier du registre lui-même, où rien ne doit s'ajouter",
            fix=f"Donnez un dossier neuf hors de {Place(home).folder}.",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportRefused(folder=folder, why="il existe déjà et n'est pas vide")
    try:
        return _fill(home, folder) if folder.exists() else _make(home, folder)
    except OSError as error:
        raise ExportRefused(folder=folder, why=error) from error


def _make(home: Home, folder: Path) -> Checkpoint:
    """Appear whole or not at all."""
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.tmp")
    try:
        make_folder(folder.parent)
        beside.mkdir()
        head = _write(Place(home), beside)
        os.replace(beside, folder)
        fsync_folder(folder.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return head


def _fill(home: Home, folder: Path) -> Checkpoint:
    """Into the empty folder that was given (its parent may be closed to us): manifest last."""
    try:
        return _write(Place(home), folder)
    except BaseException:
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        raise


def _write(place: Place, folder: Path) -> Checkpoint:
    key = place.public_key()
    note = place.checkpoint.read_bytes()  # once: everything below is of this size
    head = read_checkpoint(note, key)
    files = {
        "checkpoint": note,
        "vkey": f"{key.text}\n".encode(),
        "verify.py": Path(__file__).with_name("verify.py").read_bytes(),
        "LISEZMOI.txt": _read_me(key, head),
    }
    rows = [_put(folder, name, data) for name, data in files.items()]
    tiles = TileReader(place.log)
    for level, number, width in tiles_of(head.size):
        data = tiles.copy(level, number, width)
        rows.append(_put(folder, tile_path(level, number, width), data))
    rows.sort(key=lambda row: str(row["path"]))
    write_durably(folder / MANIFEST, json.dumps({"files": rows}, indent=1).encode(), mode=0o644)
    return head


def _read_me(key: VerifyKey, head: Checkpoint) -> bytes:
    return _READ_ME.format(
        fingerprint=key.fingerprint, origin=head.origin, size=head.size, root=head.root.hex()
    ).encode()


def _put(folder: Path, name: str, data: bytes) -> dict[str, object]:
    path = folder / name
    with suppress(FileExistsError):
        path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return {"path": name, "size": len(data), "sha256": sha256(data).hexdigest()}

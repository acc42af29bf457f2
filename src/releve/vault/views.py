"""A repository as of a receive time: a folder of hard links that an unmodified restic reads.

What an intruder adds later, even an authentic index made with the stolen password, is not in it:
the time is the server's, the order is that of the receipts, and of what was listed only what the
worker read as valid is linked.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from releve.journal import read_journal
from releve.kernel.durable import make_folder
from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.vault.credentials import repository_secret
from releve.vault.objects import JUDGED, Kind, Receipt, Ref, decode_receipt, decode_verdict
from releve.vault.register import receipts_folder, verdicts_folder
from releve.vault.stores.folder import object_path


def received(home: Home, machine: MachineName, until: int | None = None) -> list[Receipt]:
    """A machine's receipts up to number ``until`` included (None = all), oldest first."""
    folder = receipts_folder(home.path / "vault")
    found = []
    for record in read_journal(folder) if folder.is_dir() else ():
        if until is not None and record.index > until:
            break
        receipt = decode_receipt(record.payload)
        if receipt.ref.machine == machine:
            found.append(receipt)
    return found


def valid_objects(home: Home, machine: MachineName) -> set[Ref]:
    """What the worker read as valid, by the verdicts on record."""
    folder = verdicts_folder(home.path / "vault")
    verdicts = (decode_verdict(r.payload) for r in read_journal(folder)) if folder.is_dir() else ()
    return {v.ref for v in verdicts if v.valid and v.ref.machine == machine}


@contextmanager
def view(home: Home, machine: MachineName, until: int | None = None) -> Iterator[Path]:
    """A repository as it was when receipt ``until`` was written; the folder goes after use.

    Works beside a running receiver and without it. Raises ``NotEnrolled``.
    """
    secret = repository_secret(home, machine)
    valid = valid_objects(home, machine)
    repository = home.path / "vault" / "repos" / machine
    parent = home.path / "vault" / "views"
    make_folder(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{machine}-", dir=parent))
    try:
        for kind in Kind:
            if kind is not Kind.CONFIG:
                (folder / kind.value).mkdir()
        _link(repository, folder, Kind.CONFIG, "config")
        _link(repository, folder, Kind.KEYS, secret.key_name)
        for receipt in received(home, machine, until):
            ref = receipt.ref
            if ref.kind is Kind.DATA or (ref.kind in JUDGED and ref in valid):
                _link(repository, folder, ref.kind, ref.name)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _link(repository: Path, folder: Path, kind: Kind, name: str) -> None:
    """An object that left the disk is left out: restic, then the check, will say what it costs."""
    target = object_path(folder, kind, name)
    target.parent.mkdir(exist_ok=True)
    source = object_path(repository, kind, name)
    try:
        os.link(source, target)
    except PermissionError:  # another user's file: the kernel links only what one may write
        shutil.copyfile(source, target)
    except FileNotFoundError:
        return
    except FileExistsError:
        return  # kept again after its file had left the disk: two receipts, one file

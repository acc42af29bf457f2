"""In order: wheels, Debian packages, inventory, scripts, manifest, signature, tar."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from releve import __version__
from releve.runtime.bundle import debian, wheels
from releve.runtime.bundle.archive import (
    MANIFEST,
    SIGNATURE,
    key_fingerprint,
    manifest,
    pack,
    read_key,
)
from releve.runtime.bundle.inventory import inventory

NAME = f"releve-{__version__}-{debian.CODENAME}-{debian.ARCHITECTURE}"
_SCRIPTS = Path(__file__).with_name("files")
_NPM_LOCK = Path("src/releve/care/kit/js/package-lock.json")
#: Sunday 1 January 2023: for a folder without git; a zip holds nothing before 1980.
_SOME_HOUR = 1672531200


@dataclass(frozen=True)
class Made:
    """What was made. ``manifest_sha256`` is what a person may compare by eye; ``signed_by`` the
    signing key's fingerprint, None = not signed. Size in bytes.
    """

    name: str
    size: int
    sha256: str
    manifest_sha256: str
    signed_by: str | None
    python_packages: int
    debian_packages: int


def make(root: Path, out: BinaryIO, key: Path | None, say: Callable[[str], None]) -> Made:
    """Write the installer of the sources at ``root`` to ``out``; ``say`` hears each step.

    Raises the errors of this package; nothing is fetched before the key was read.
    """
    signing = read_key(key) if key else None
    epoch = hour_of(root, os.environ)
    cache = root / "var" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=cache) as temporary:
        place = Path(temporary)
        folder, work = place / NAME, place / "apt"
        for each in (folder / "wheels", folder / "debian", work):
            each.mkdir(parents=True)
        say("Bibliothèques Python…")
        python = wheels.gather(root, folder / "wheels", epoch)
        say("Paquets Debian…")
        packages = debian.gather(folder / "debian", work)
        texts = {
            "requirements.txt": wheels.requirements(python),
            "sbom.cdx.json": inventory(python, packages, root / _NPM_LOCK, epoch),
            "VERSION": f"{__version__}\n",
            "PACKAGES": " ".join(debian.PACKAGES) + "\n",
        }
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8")
        for script in _SCRIPTS.iterdir():
            shutil.copyfile(script, folder / script.name)
        listed = manifest(folder)
        (folder / MANIFEST).write_bytes(listed)
        if signing:
            (folder / SIGNATURE).write_bytes(signing.sign(listed))
        say("Assemblage…")
        packed = pack(folder, out, epoch)
    return Made(
        name=f"{NAME}.tar",
        size=packed.size,
        sha256=packed.sha256,
        manifest_sha256=sha256(listed).hexdigest(),
        signed_by=key_fingerprint(signing) if signing else None,
        python_packages=len(python),
        debian_packages=len(packages),
    )


def hour_of(root: Path, environment: Mapping[str, str]) -> int:
    """The one hour written everywhere, in seconds: ``SOURCE_DATE_EPOCH``, else the commit's."""
    given = environment.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit():
        return int(given)
    ask = ["git", "-c", f"safe.directory={root}", "-C", str(root), "log", "-1", "--format=%ct"]
    try:
        said = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return _SOME_HOUR
    return int(said.stdout) if said.returncode == 0 and said.stdout.strip() else _SOME_HOUR

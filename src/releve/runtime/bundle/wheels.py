"""The Python half: our wheel and those of ``requirements.lock``, each known by its SHA-256.

A library that is published as source only is built here, from the source whose hash is locked, with
the setuptools of ``requirements-dev.lock``: no index is asked for anything that is not locked.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from hashlib import sha256
from pathlib import Path

from releve.runtime.bundle.errors import WheelIncomplete
from releve.runtime.bundle.process import run

_WANTED = ("releve/care/kit/built/kit.js", "releve/web/locale/en/LC_MESSAGES/django.mo")


@dataclass(frozen=True)
class Wheel:
    """A wheel file: what its own metadata say. ``licence`` is empty when they say nothing."""

    path: Path
    name: str
    version: str
    licence: str
    sha256: str


def gather(root: Path, folder: Path, epoch: int) -> list[Wheel]:
    """Fill ``folder``; every wheel, ours included, in order of name. Raises ``FetchFailed``,
    :class:`~releve.runtime.bundle.errors.WheelIncomplete`.
    """
    env = {"SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "0"}
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    run("le paquet du programme", build, cwd=root, env=env)
    _check_ours(next(folder.glob("releve-*.whl")))
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check"]
    pip += ["--require-hashes", "--no-deps", "--no-build-isolation"]
    pip += ["-r", str(root / "requirements.lock"), "-w", str(folder)]
    run("les bibliothèques Python", pip, env=env)
    return sorted((_read(path) for path in folder.glob("*.whl")), key=lambda wheel: wheel.name)


def requirements(wheels: Iterable[Wheel]) -> str:
    """What pip checks on the machine that installs: these very files."""
    lines = (f"{each.name}=={each.version} --hash=sha256:{each.sha256}\n" for each in wheels)
    return "".join(lines)


def _check_ours(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        missing = sorted(set(_WANTED) - set(archive.namelist()))
    if missing:
        raise WheelIncomplete(what=", ".join(missing))


def _read(path: Path) -> Wheel:
    with zipfile.ZipFile(path) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        said = Parser().parsestr(archive.read(name).decode("utf-8", "replace"))
    name, version = str(said["Name"]), str(said["Version"])
    return Wheel(path, name, version, _licence(said), sha256(path.read_bytes()).hexdigest())


def _licence(said: Message) -> str:
    """An SPDX expression when there is one, else the classifier's or the field's own words."""
    fields: Mapping[str, str | None] = said  # type: ignore[assignment]
    expression = fields.get("License-Expression")
    if expression:
        return expression
    words = [
        line.rpartition("::")[2].strip()
        for line in said.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    if words:
        return " / ".join(words)
    first = (fields.get("License") or "").strip().partition("\n")[0].strip()
    return "" if first == "UNKNOWN" else first[:100]

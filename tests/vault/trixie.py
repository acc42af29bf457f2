"""restic 0.18 and Debian's rest-server, from suite ``trixie`` of this machine's own mirror.

They are fetched through a private apt state (own sources, lists and cache), unpacked, never
installed. The mirror's name is read from the machine's own configuration at run time.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_OURS = re.compile(r"\bbookworm\b(?!-)")
_PLACE = Path(os.environ.get("RELEVE_ROOT", ".")).resolve() / "var/cache/trixie"


def restic() -> str:
    """The path of restic 0.18; skips the test, aloud, where it cannot be had."""
    return _program("restic", "usr/bin/restic")


def rest_server() -> str:
    """The path of rest-server 0.13; skips the test, aloud, where it cannot be had."""
    return _program("restic-rest-server", "usr/bin/restic-rest-server")


def _program(package: str, path: str) -> str:
    try:
        with _alone():
            folder = _PLACE / package
            if not folder.is_dir():
                _fetch(package, folder)
    except (OSError, subprocess.SubprocessError, LookupError) as error:
        pytest.skip(f"{package} de trixie : {error}")
    if not (folder / path).is_file():
        pytest.skip(f"{package} de trixie ne contient pas {path}")
    return str(folder / path)


def _fetch(package: str, folder: Path) -> None:
    options = _apt_options()
    if not (_PLACE / "updated").exists():
        _run(["apt-get", *options, "update"])
        (_PLACE / "updated").touch()
    debs = _PLACE / "debs"
    debs.mkdir(exist_ok=True)
    _run(["apt-get", *options, "download", package], cwd=debs)
    (deb,) = debs.glob(f"{package}_*.deb")
    _run(["dpkg", "-x", str(deb), str(folder) + ".part"])
    os.rename(str(folder) + ".part", folder)


def _apt_options() -> list[str]:
    for name in ("lists/partial", "cache/archives/partial"):
        (_PLACE / name).mkdir(parents=True, exist_ok=True)
    (_PLACE / "status").touch()
    sources = _PLACE / _write_sources()
    settings = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": _PLACE,
        "Dir::State::Lists": _PLACE / "lists",
        "Dir::State::status": _PLACE / "status",
        "Dir::Cache": _PLACE / "cache",
        "APT::Sandbox::User": getpass.getuser(),
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _write_sources() -> str:
    """The machine's own entry for this release, with the suite replaced."""
    for path in _configured():
        text = path.read_text("utf-8", "replace")
        blocks = re.split(r"\n\s*\n", text) if path.suffix == ".sources" else text.splitlines()
        for block in blocks:
            entry = _entry(block, deb822=path.suffix == ".sources")
            if entry is not None:
                name = f"trixie{path.suffix}"
                (_PLACE / name).write_text(entry + "\n", "utf-8")
                return name
    raise LookupError("aucune entrée bookworm dans la configuration d'apt de cette machine")


def _entry(block: str, *, deb822: bool) -> str | None:
    lines = [line for line in block.splitlines() if not line.lstrip().startswith("#")]
    if not deb822:
        line = lines[0] if lines else ""
        return _OURS.sub("trixie", line) if re.match(r"deb\s.*\sbookworm\s", line) else None
    fields = dict(re.findall(r"(?m)^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)", "\n".join(lines)))
    if not _OURS.search(fields.get("Suites", "")) or "deb" not in fields.get("Types", ""):
        return None
    fields |= {"Types": "deb", "Suites": "trixie", "Components": "main"}
    return "\n".join(f"{name}: {value}" for name, value in fields.items())


def _configured() -> Iterator[Path]:
    folder = Path("/etc/apt")
    yield from (path for path in [folder / "sources.list"] if path.is_file())
    yield from sorted(folder.glob("sources.list.d/*.sources"))
    yield from sorted(folder.glob("sources.list.d/*.list"))


def _run(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise LookupError(f"{command[0]} : {last[0] if last else done.returncode}")


@contextmanager
def _alone() -> Iterator[None]:
    _PLACE.mkdir(parents=True, exist_ok=True)
    with (_PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

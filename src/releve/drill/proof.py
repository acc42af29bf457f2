"""The drill's own proof: the export is verified by the stand-alone program, with the key text that
was put apart before the night.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_VERIFY_SECONDS = 60


@dataclass(frozen=True)
class Verified:
    """What the verifier said of an export; ``size`` and ``root`` come from its checkpoint."""

    ok: bool
    said: str
    size: int | None
    root: str


def verify(folder: Path, anchor: str, beside: Path) -> Verified:
    """Run the export's own ``verify.py``, isolated; never raises on a bad export."""
    key = beside / "ancre.txt"
    key.write_text(anchor + "\n", "utf-8")
    command = [sys.executable, "-I", str(folder / "verify.py"), str(folder), "--key", str(key)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERIFY_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Verified(False, str(error), None, "")
    size, root = _checkpoint(folder)
    said = (done.stdout + done.stderr).strip()
    return Verified(done.returncode == 0, said, size, root)


def _checkpoint(folder: Path) -> tuple[int | None, str]:
    """Size and root (hexadecimal) of the C2SP checkpoint: its second and third lines."""
    try:
        lines = (folder / "checkpoint").read_text("utf-8").splitlines()
        return int(lines[1]), base64.b64decode(lines[2], validate=True).hex()
    except (OSError, ValueError, IndexError):
        return None, ""


def fingerprint(anchor: str) -> str:
    """SHA-256 of the key in a key text ``name+hash+key``, as people compare it."""
    key = base64.b64decode(anchor.split("+", 2)[2])
    return hashlib.sha256(key[1:]).hexdigest()

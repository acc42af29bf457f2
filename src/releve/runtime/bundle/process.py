"""Running a program that fetches or builds: its last words when it fails, never its environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from releve.runtime.bundle.errors import FetchFailed

_SECONDS = 1800
_LAST_LINES = 4


def run(
    what: str,
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Standard output of ``command``; raises :class:`FetchFailed` saying ``what`` failed and why.

    The caller's environment goes along: a proxy and authorities named there are honoured.
    """
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchFailed(what=what, why=error) from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise FetchFailed(what=what, why=" / ".join(said[-_LAST_LINES:]))
    return done.stdout

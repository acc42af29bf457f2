"""The stolen credential against the backups: after each attempt, is anything lost?

« Refused » is not what the receiver answered. An attempt counts as refused when, after it, the last
clean snapshot still restores identically by an unmodified restic through the receiver's own door,
and this machine and another one still back up.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from releve.drill.hospital import Backup, Hospital
from releve.drill.simulator.intruder import Attempt, Intruder
from releve.drill.simulator.workstation import manifest
from releve.drill.verdict import Compared, compared
from releve.kernel.clock import Clock
from releve.kernel.ids import MachineName

_BACKUP_SECONDS = 10.0
_RESTORE_SECONDS = 10.0


@dataclass(frozen=True)
class Outcome:
    """What an attempt was answered, and what still works after it; ``why`` is empty when all."""

    attempt: Attempt
    answered: str
    why: str

    @property
    def refused(self) -> bool:
        """Nothing was lost."""
        return not self.why


class Intrusion:
    """All attempts on one stolen machine, ``other`` being the second machine that must live."""

    def __init__(
        self,
        hospital: Hospital,
        stolen: Backup,
        other: MachineName,
        environment: Mapping[str, str],
        work: Path,
        clock: Clock,
    ) -> None:
        self._hospital = hospital
        self._clean = stolen
        self._other = other
        self._environment = dict(environment)
        self._work = work
        self._clock = clock

    def play(
        self,
        thief: Intruder,
        attempts: list[Attempt],
        stopping: Callable[[], bool],
        reset: Callable[[], None],
    ) -> Iterator[Outcome]:
        """Try each, then look; ``reset`` ends what a sabotage made of it, so that each attempt is
        judged alone. Stops early when told to.
        """
        with ThreadPoolExecutor(3) as pool:
            for attempt in attempts:
                if stopping():
                    return
                answered = attempt.run(thief)
                checks = (
                    pool.submit(self._restores),
                    pool.submit(self._backs_up, self._clean.machine),
                    pool.submit(self._backs_up, self._other),
                )
                lost = [why for why in (check.result() for check in checks) if why]
                reset()
                yield Outcome(attempt, answered, " ; ".join(lost))

    def _restores(self) -> str:
        """Empty when the last clean snapshot comes back as it was."""
        into = self._work / "relecture"
        shutil.rmtree(into, ignore_errors=True)
        command = ["restic", "--no-lock", "--no-cache", "restore", str(self._clean.snapshot)]
        command += ["--target", str(into)]
        try:
            done = self._restic(command)
        except subprocess.TimeoutExpired:
            return "la restauration ne finit pas"
        if done.returncode != 0:
            return f"la restauration échoue ({_last_line(done.stderr)})"
        seen: Compared = compared(self._clean.manifest, manifest(into))
        if seen.identical != seen.expected:
            return f"{seen.expected - seen.identical} fichier(s) ne reviennent pas identiques"
        return ""

    def _restic(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._work),
            **self._environment,
        }
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_RESTORE_SECONDS,
            check=False,
        )

    def _backs_up(self, machine: MachineName) -> str:
        """Empty when a backup asked for now succeeds."""
        asked = self._clock.now()
        self._hospital.back_up(machine)
        backup = self._hospital.wait_for_backup(machine, asked, _BACKUP_SECONDS)
        if backup is None:
            return f"{machine} ne sauvegarde plus (rien en {_BACKUP_SECONDS:g} s)"
        return (
            "" if backup.ok else f"{machine} ne sauvegarde plus ({_last_line(backup.error or '')})"
        )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:160] if lines else "sans un mot"

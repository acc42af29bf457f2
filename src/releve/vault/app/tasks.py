"""What the vault worker does when it was ordered to: jobs of the queue « vault »."""

from __future__ import annotations

from pathlib import Path

from releve.jobs.app.tasks import task
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.kernel.ids import MachineName, machine_name
from releve.pages.house import current_home
from releve.vault.restic import Restic
from releve.vault.restoration import restore
from releve.vault.restored import next_number

QUEUE = "vault"


@task(queue=QUEUE, retries=2)
def restore_machine(machine: str, snapshot: str) -> None:
    """Restore into a new folder of the home and check it; run again, it takes another folder."""
    home = current_home()
    name = machine_name(machine)
    into = _new_folder(home, name)
    restore(home, Restic(home.world, home.path), name, snapshot, into, SystemClock())


def _new_folder(home: Home, machine: MachineName) -> Path:
    number = next_number(home, machine)
    for attempt in range(1, 1000):
        into = home.path / "restores" / f"{machine}-{number}-{attempt}"
        if not into.exists():
            return into
    raise FileExistsError(machine)

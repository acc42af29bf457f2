"""From the plan to folders and orders: each machine's files, and what its process is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from releve.drill.scenario import Backups
from releve.drill.simulator.attack import Ground
from releve.drill.simulator.plan import SLOTS, Machine, Plan
from releve.drill.simulator.workstation import Order, PlannedEdit

#: The attacker's own user belongs to the simulator's group: files and folders are open to it.
_FILE_MODE, _FOLDER_MODE = 0o660, 0o770


def lay_out(plan: Plan, ground: Ground, aside: Path) -> None:
    """Write every machine's documents below ``ground`` and the bytes of its edits in ``aside``
    (made here, closed to others). Nothing is synchronised to the disk: it is a simulation.
    """
    aside.mkdir(mode=0o700)
    for machine in plan.machines:
        folder = ground.path / machine.name
        _make(folder)
        for document in machine.documents:
            write(folder / document.path, document.data)
        for rank, edit in enumerate(machine.edits):
            (aside / f"{machine.name}-{rank}").write_bytes(edit.data)


def write(path: Path, data: bytes) -> None:
    """A file of the simulated hospital, with its folders."""
    _make(path.parent)
    path.write_bytes(data)
    path.chmod(_FILE_MODE)


def order(
    machine: Machine,
    rank: int,
    of: int,
    ground: Ground,
    aside: Path,
    *,
    backups: Backups,
    origin: float,
    environment: Mapping[str, str],
    preparation: Sequence[Sequence[str]] = (),
    limit_s: float = 60,
) -> Order:
    """What the process of ``machine``, the ``rank``-th ``of`` the fleet, is told.

    ``environment``: the lines of its enrolment. Machines are spread over ``backups.spread_s``.
    """
    return Order(
        name=machine.name,
        folder=str(ground.path / machine.name),
        environment=dict(environment),
        cache=str(aside / f"cache-{machine.name}"),
        origin=origin,
        first_s=backups.first_s + backups.spread_s * rank / max(of, 1),
        period_s=backups.period_s,
        backups=SLOTS,
        limit_s=limit_s,
        edits=[
            PlannedEdit(edit.slot, edit.path, edit.before, str(aside / f"{machine.name}-{number}"))
            for number, edit in enumerate(machine.edits)
        ],
        preparation=[list(command) for command in preparation],
    )


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir()
        folder.chmod(_FOLDER_MODE)

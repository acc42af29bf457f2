"""The vault worker part: ``python -m releve.runtime.worker --home DIR``. No listening socket."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import closing
from types import FrameType
from typing import TYPE_CHECKING

from releve.kernel.clock import SystemClock
from releve.kernel.home import sole_writer
from releve.runtime.faults import Faults
from releve.runtime.part import Part, run
from releve.runtime.records import use_records
from releve.runtime.vault_facts import facts_of
from releve.vault.depot import ReceiverLine
from releve.vault.errors import ReceiverUnreachable
from releve.vault.inspection import Inspector
from releve.vault.scan import scan_changes
from releve.vault.worker import Worker

if TYPE_CHECKING:
    from releve.jobs.app.worker import Worker as Orders

_WAIT_SECONDS = 0.3
_PAUSE_SECONDS = 0.2


def loop(
    worker: Worker, between: Callable[[], object], stop: threading.Event, faults: Faults
) -> None:
    """Step until told to stop; ``between`` is called at each turn."""
    while not stop.is_set():
        try:
            worker.step(_WAIT_SECONDS)
            between()
        except ReceiverUnreachable:
            stop.wait(_PAUSE_SECONDS)  # it is starting, or the supervisor is bringing it back
        except Exception as error:  # noqa: BLE001  the loop of a daemon: told, then tried again
            faults.met("coffre", error)
            stop.wait(_PAUSE_SECONDS)


def _obey(orders: Orders, stop: threading.Event, faults: Faults) -> None:
    """Restores may last hours: detection goes on beside them. A failure of the queue itself ends
    the part, and the supervisor brings it back.
    """
    try:
        orders.run(stop)
    except Exception as error:  # noqa: BLE001  the loop of a daemon: told, then started again
        faults.met("ordres", error)
        stop.set()


def serve(part: Part) -> None:
    """Run until SIGTERM or SIGINT."""
    home = part.home
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    use_records(home)
    from releve.jobs.app.worker import Worker as Orders
    from releve.vault.app.tasks import QUEUE

    inspector = Inspector(scan_changes, home.path / "vault" / "scratch")
    with sole_writer(home, "worker"), closing(ReceiverLine(home)) as line:
        ledger = facts_of(home)
        worker = Worker(home, line, ledger, inspector, SystemClock())
        faults = Faults(home, "worker")
        orders = Orders([QUEUE], SystemClock(), report=faults.of_job)
        restoring = threading.Thread(target=_obey, args=(orders, stop, faults), daemon=True)
        restoring.start()
        part.ready()
        loop(worker, ledger.tell_restores, stop, faults)


if __name__ == "__main__":
    run("worker", serve)

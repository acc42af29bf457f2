"""The projector part: ``python -m releve.runtime.projector --home DIR``. No listening socket.

It alone writes the views. Started before or after the listener, it waits for it; pages go on
reading the views while either is away. ``care rebuild`` asks it by a file in ``HOME/run/rebuild``.
"""

from __future__ import annotations

import gc
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from types import FrameType

from releve.care.orders import Orders
from releve.care.projecting import Feeder, Projecting
from releve.care.projection import Projector, ViewsForeign
from releve.care.rebuilding import durable_count, rebuild
from releve.care.teller import Teller
from releve.care.views import views_path
from releve.kernel.clock import SystemClock
from releve.kernel.durable import make_folder
from releve.kernel.home import Home, sole_writer
from releve.runtime.care_facts import CareFacts
from releve.runtime.faults import Faults
from releve.runtime.part import Part, run

_WAIT_SECONDS = 0.5
_PAUSE_SECONDS = 1.0
_STOP_SECONDS = 3.0
#: Messages are read into short-lived tuples, none in a cycle: looking for cycles at every 700 would
#: cost a sixth of the pace.
_COLLECT_EVERY = 200_000


def serve(part: Part) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY)
    with sole_writer(part.home, "projector"):
        follow(part.home, stop, part.ready)


def follow(home: Home, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Project what a listener receives until told to stop; the caller holds the lock."""
    orders = Orders(home)
    make_folder(views_path(home).parent)
    _refresh(home)
    ready()
    while not stop.is_set():
        try:
            with closing(Projector(views_path(home))) as projector:
                _project(home, projector, orders, stop)
            if orders.asked():
                orders.answer(lambda count: rebuild(home, count))
        except (sqlite3.OperationalError, OSError) as error:  # a full disk: it may pass
            sys.stderr.write(f"projection : {error}\n")
            stop.wait(_PAUSE_SECONDS)


def _refresh(home: Home) -> None:
    """Views that an older program made, or that are not readable, are made again."""
    try:
        Projector(views_path(home)).close()
    except ViewsForeign as error:
        sys.stderr.write(f"{error} Elles sont refaites à partir du journal.\n")
        rebuild(home, durable_count(home))


def _project(home: Home, projector: Projector, orders: Orders, stop: threading.Event) -> None:
    """Until told to stop or asked to rebuild."""
    teller = Teller(home, views_path(home), CareFacts(home), SystemClock())
    feeder = Feeder(home, projector, teller)
    faults = Faults(home, "projector")
    over = threading.Event()
    telling = threading.Thread(target=_tell, args=(teller, over, faults), daemon=True)
    telling.start()
    try:
        with closing(Projecting(home, feeder, projector.cursor)) as projecting:
            while not stop.is_set() and not orders.asked():
                try:
                    projecting.step(_WAIT_SECONDS)
                except sqlite3.OperationalError as error:  # a full disk: it may pass
                    sys.stderr.write(f"projection : {error}\n")
                    stop.wait(_PAUSE_SECONDS)
    finally:
        over.set()
        telling.join(_STOP_SECONDS)


def _tell(teller: Teller, over: threading.Event, faults: Faults) -> None:
    while not over.wait(_PAUSE_SECONDS):
        try:
            teller.tell()
        except Exception as error:  # noqa: BLE001  a daemon's loop: told, then tried again
            faults.met("faits", error)


if __name__ == "__main__":
    run("projector", serve)

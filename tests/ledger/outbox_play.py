"""One act on the outbox in a process of its own: ``python -m tests.ledger.outbox_play ACT HOME``.

``OUTBOX_DATABASE`` names the SQLite file. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.ledger.settings"
django.setup()

from django.db import transaction  # noqa: E402 - after setup

from releve.kernel.home import Home, read  # noqa: E402
from releve.kernel.world import Reality  # noqa: E402
from releve.ledger import Evidence  # noqa: E402
from releve.ledger.app.models import Outbox  # noqa: E402
from releve.ledger.app.outbox import drain, put, refusals  # noqa: E402
from releve.ledger.errors import SignerUnreachable  # noqa: E402
from releve.ledger.ports import Appender  # noqa: E402
from releve.runtime.ledger import open_ledger, read_entries  # noqa: E402
from tests.ledger.examples import REAL_FINESS, evidence  # noqa: E402


class _Cancelled(Exception):
    pass


class _Killed:
    """Appends, then the power goes before anything is marked."""

    def __init__(self, ledger: Appender) -> None:
        self._ledger = ledger

    def append(self, evidence: Evidence) -> int:
        return self.append_many([evidence])[0]

    def append_many(self, evidences: Sequence[Evidence]) -> list[int]:
        self._ledger.append_many(evidences)
        os._exit(9)

    def publish(self) -> int:
        return self._ledger.publish()


class _Away(_Killed):
    def append_many(self, evidences: Sequence[Evidence]) -> list[int]:
        raise SignerUnreachable(path="signer.sock", why="absent")


def fill(home: Home) -> object:
    """Two origins interleaved; one transaction is cancelled."""
    call_command("migrate", verbosity=0)
    for value in range(5):
        with transaction.atomic():
            put(evidence(0, value=value, origin="web"))
            put(evidence(0, value=value, origin="worker"))
    try:
        with transaction.atomic():
            put(evidence(0, value=99, origin="web"))
            raise _Cancelled
    except _Cancelled:
        pass
    return list(Outbox.objects.order_by("id").values_list("origin", "number"))


def spoil(home: Home) -> object:
    """An evidence that this home's signer will never take, before one that it will."""
    with transaction.atomic():
        put(evidence(0, origin="web", reality=Reality.TECHNICAL, finess=REAL_FINESS))
        put(evidence(0, origin="web", value=6))
    return None


def outside(home: Home) -> object:
    """Without a transaction nothing may be put."""
    try:
        put(evidence(0))
    except transaction.TransactionManagementError as error:
        return str(error)
    return None


def drained(home: Home) -> object:
    with open_ledger(home) as ledger:
        count = drain(ledger)
    kept = [[one.origin, one.number, one.value] for _, one in read_entries(home, 1)]
    waiting = Outbox.objects.filter(appended=None, refused="").count()
    return {"drained": count, "kept": kept, "waiting": waiting, "refused": refusals()}


def killed(home: Home) -> object:
    with open_ledger(home) as ledger:
        return drain(_Killed(ledger))


def away(home: Home) -> object:
    with open_ledger(home) as ledger:
        try:
            drain(_Away(ledger))
        except SignerUnreachable:
            return Outbox.objects.filter(appended=None, refused="").count()
    return None


ACTS: dict[str, Callable[[Home], object]] = {
    act.__name__: act for act in (fill, spoil, outside, drained, killed, away)
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(ACTS[sys.argv[1]](read(Path(sys.argv[2])))) + "\n")

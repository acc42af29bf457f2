"""A crisis under load, on SQLite: three threads type lines, one reads alarms as the duty part does,
one lifts the crisis and opens another.

``ID`` = a line typed, acknowledged once its transaction is committed; ``a-N`` = entry N of the log,
acknowledged once the cursor that read it is committed. The check adds what must hold whatever was
cut: one open crisis at most, numbers without a hole, one fact per line.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.runtime.records import use_records
from releve.vault import facts as vault
from tests.incident.ledger import fact
from tests.rig.contract import ack, mutant, run

_TYPISTS = 3
_BATCH = 4


def work(folder: Path, seed: int) -> None:
    """Type, read alarms and lift until killed."""
    home = _home(folder)
    _open(home)
    acts: list[Callable[[], None]] = [
        *(lambda n=n: _type(seed, n) for n in range(_TYPISTS)),
        lambda: _watch(home),
        lambda: _lift(seed),
    ]
    threads = [threading.Thread(target=act, daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check(folder: Path) -> Counter[str]:
    """Reopen as the product does, and count each line typed and each entry told."""
    home = _home(folder)
    use_records(home)
    from releve.incident.app.models import DutyCursor, Incident, LogEntry
    from releve.ledger.app.models import Outbox

    found = Counter[str]()
    for line in LogEntry.objects.all():
        if line.text.startswith("ligne "):
            found[line.text.removeprefix("ligne ")] += 1
        elif line.ledger_index is not None:
            found[f"a-{line.ledger_index}"] += 1
    cursor = DutyCursor.objects.first()
    for index in range(cursor.next if cursor else 0):
        found.setdefault(f"a-{index}", 1)  # read while no crisis was open: no line, told once
    if Incident.objects.filter(state=Incident.OPEN).count() > 1:
        raise AssertionError("deux crises ouvertes")
    for incident in Incident.objects.all():
        numbers = list(incident.lines.values_list("number", flat=True))
        if numbers != list(range(1, incident.last + 1)):
            raise AssertionError(f"numéros de la crise {incident.pk} : {numbers[-20:]}")
    lines = LogEntry.objects.count()
    facts = Outbox.objects.filter(payload__contains='"incident.log.written"').count()
    if facts != lines:
        raise AssertionError(f"{lines} lignes, {facts} faits")
    return found


def _home(folder: Path) -> Home:
    path = folder / "home"
    if path.exists() and not (path / "home.json").exists():
        shutil.rmtree(path)
    return birth(path, World.DRILL, SystemClock().now())


def _open(home: Home) -> None:
    use_records(home)
    if mutant():
        from django.db import connections

        connections["default"].close()
        options = connections.settings["default"]["OPTIONS"]
        pragmas = options["init_command"]
        options["init_command"] = pragmas.replace("synchronous=FULL", "synchronous=OFF")


def _type(seed: int, number: int) -> None:
    from releve.incident import Author, Nature, NoCrisis
    from releve.incident.app import desk

    chance = random.Random(f"{seed}/{number}")
    by, count = Author(f"personne {number}"), 0
    while True:
        name = f"{seed}-{number}-{count}"
        nature = chance.choice((Nature.OBSERVED, Nature.DECIDED))
        draft = desk.Draft(nature, f"ligne {name}", ticket=name)
        try:
            desk.write(by, draft, SystemClock().now())
            if chance.random() < 0.2:  # the answer was lost, the form is sent again
                desk.write(by, draft, SystemClock().now())
        except NoCrisis:
            desk.open_crisis(by, "", SystemClock().now())
            continue
        ack(name)
        count += 1


def _watch(home: Home) -> None:
    """Entries made here stand for the ledger's: its own durability is another campaign."""
    from releve.runtime.duty import cursor_of, take

    while True:
        first = cursor_of(home, SystemClock().now())
        batch = [
            (index, fact(vault.ALARM, index + 1, system=f"PC-{index}"))
            for index in range(first, first + _BATCH)
        ]
        take(home, batch, first + _BATCH, SystemClock().now())
        for index, _ in batch:
            ack(f"a-{index}")


def _lift(seed: int) -> None:
    from releve.incident import Author, NoCrisis
    from releve.incident.app import desk

    chance = random.Random(f"{seed}/lever")
    while True:
        threading.Event().wait(chance.uniform(0.02, 0.2))
        try:
            desk.close(Author("direction"), "fini", SystemClock().now(), false_alarm=True)
        except NoCrisis:
            continue


if __name__ == "__main__":
    run(work, check)

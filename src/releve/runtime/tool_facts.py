"""A program's facts on this home's ledger, under this home's number. No Django in a drill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from releve import __version__
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.home import Home
from releve.kernel.ids import DRILL_FINESS, Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, NumberTaken, Tool, Value
from releve.runtime.accounts import MARK
from releve.runtime.ledger import open_ledger


class Stated(Protocol):
    """What every room's fact says, under the names of :class:`~releve.ledger.Evidence`."""

    @property
    def kind(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def when(self) -> datetime: ...
    @property
    def system(self) -> str: ...
    @property
    def value(self) -> Value: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def origin(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def sha256(self) -> str | None: ...
    @property
    def detail(self) -> Mapping[str, Value]: ...


AFact = TypeVar("AFact", bound=Stated)


def declared_finess(home: Home) -> Finess | None:
    """A drill signs under a test number; a real home under its legal entity's once the first access
    has declared it, under none before. Once published, it is read without the records.
    """
    if home.world is World.DRILL:
        return DRILL_FINESS
    try:
        return Finess(_published(home).read_text("ascii").strip())
    except FileNotFoundError:
        pass
    if (home.path / MARK).exists():
        return None  # a part that may not see the records waits for the pages to publish it
    from releve.runtime.records import use_records

    use_records(home)
    from django.db import close_old_connections

    from releve.pages.house import home_perimeter

    close_old_connections()  # no request does it here: a database that restarted is found again
    where = home_perimeter()
    return where.ej if where else None


def publish_finess(home: Home, number: Finess) -> None:
    """Say it to the parts that do not read the records (``HOME/entity/finess``)."""
    path = _published(home)
    if not path.exists() or path.read_text("ascii").strip() != number:
        make_folder(path.parent)
        write_durably(path, f"{number}\n".encode("ascii"))


def _published(home: Home) -> Path:
    return home.path / "entity" / "finess"


class ToolFacts(Generic[AFact]):
    """The facts of one program (« releve care »). One thread at a time."""

    def __init__(self, home: Home, program: str) -> None:
        self._home = home
        self._tool = Tool(program, __version__)
        self._finess: Finess | None = None

    def record(self, facts: Sequence[AFact]) -> None:
        """Through the signer when it runs, else under its lock; once per (origin, number).

        A program stopped after the ledger and before its cursor says the same fact again, at
        another hour and under another salt: the first one stands.
        """
        if self._finess is None:
            self._finess = declared_finess(self._home)
        with open_ledger(self._home) as ledger:
            for fact in facts:
                with suppress(NumberTaken):
                    ledger.append(self._evidence(fact))

    def _evidence(self, fact: AFact) -> Evidence:
        drill = self._home.world is World.DRILL
        return Evidence(
            what=fact.what,
            when=fact.when,
            system=fact.system,
            value=fact.value,
            unit=fact.unit,
            tool=self._tool,
            finess=self._finess,
            reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
            kind=fact.kind,
            origin=fact.origin,
            number=fact.number,
            sha256=fact.sha256,
            detail=dict(fact.detail),
        )

"""What the attacker did, by its own log: when it began, which files and machines it touched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from releve.drill.simulator import attack
from releve.kernel.clock import from_iso
from releve.kernel.ids import MachineName


class Strikes:
    """``lines`` are those of the attacker's log so far; empty before it started."""

    def __init__(self, lines: list[dict[str, object]]) -> None:
        self._lines = lines

    @property
    def first_byte(self) -> datetime | None:
        """When it wrote its first byte; None when it has written none."""
        said = attack.first_byte(self._lines)
        return from_iso(said) if said else None

    @property
    def struck(self) -> list[tuple[str, datetime]]:
        """(file, when) of each file it changed, in the order it did."""
        return [
            (str(line["path"]), from_iso(str(line["first_byte"])))
            for line in self._lines
            if line["event"] == "after" and line.get("first_byte")
        ]

    @property
    def by_machine(self) -> dict[MachineName, datetime]:
        """The first time each machine was touched."""
        firsts: dict[MachineName, datetime] = {}
        for path, when in self.struck:
            firsts.setdefault(MachineName(path.partition("/")[0]), when)
        return firsts

    def touched(self, servers: Sequence[MachineName]) -> list[MachineName]:
        """P0 servers first, whatever was touched of them, then the workstations struck."""
        return [*servers, *sorted(set(self.by_machine) - set(servers))]

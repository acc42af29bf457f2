"""The reading of the product's ledger that fails is said by the drill, not lost with its thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import pytest

from releve.drill.ports import Fact, Platform
from releve.drill.stage import Stage
from releve.drill.watch import ALARM, Watch
from releve.kernel.clock import ManualClock
from releve.kernel.errors import BadInput
from releve.kernel.ids import MachineName

_NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_UNREADABLE = BadInput(where="registre", what="illisible", fix="Regardez.")


class _Product:
    """A ledger of one alarm, that cannot be read afterwards."""

    def __init__(self) -> None:
        self.failed = threading.Event()

    def facts(self, start: int = 0) -> Sequence[Fact]:
        if start:
            self.failed.set()
            raise _UNREADABLE
        return [Fact(0, "alarm", ALARM, "PC-1", _NOW, 3, "fichiers")]


def test_what_ended_the_reading_is_raised_when_the_watch_is_closed() -> None:
    product = _Product()
    stage = Stage(ManualClock(_NOW), _NOW, lambda _: None)
    watch = Watch(cast("Platform", product), stage)
    assert product.failed.wait(20)
    with pytest.raises(BadInput, match="illisible"):
        watch.close()
    watch.close()
    assert watch.alarm(frozenset({MachineName("PC-1")}), _NOW) is not None

"""Care's facts on this home's ledger. The projector's process uses it: no Django in a drill."""

from __future__ import annotations

from releve.care.ports import Fact
from releve.kernel.home import Home
from releve.runtime.tool_facts import ToolFacts


class CareFacts(ToolFacts[Fact]):
    """:class:`~releve.care.ports.Facts` on this home's ledger."""

    def __init__(self, home: Home) -> None:
        super().__init__(home, "releve care")

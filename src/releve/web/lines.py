"""The ledger as live lines: one row of the « Preuves » table per new entry."""

from __future__ import annotations

from django.template.loader import render_to_string

from releve.pages.live import Line
from releve.pages.roles import PROOF_READERS
from releve.web.entries import entries


class LedgerLines:
    """A :class:`releve.pages.live.Source` over this home's ledger."""

    def head(self) -> int:
        return entries().count()

    def since(self, number: int, limit: int) -> list[Line]:
        return [
            Line(
                entry.index,
                render_to_string("web/proof_row.html", {"entry": entry}),
                PROOF_READERS,
                entry.perimeter,
            )
            for entry in entries().since(number, limit)
        ]

"""Records and views for the tests of the projection."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from releve.care import Gone, Kept
from releve.care.projection import Projector, Taken
from releve.care.views import Views

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
#: An hour when nothing is old yet.
NOW = START + timedelta(minutes=30)


def kept(messages: Iterable[bytes], start: int = 0) -> list[Kept | Gone]:
    """Records as the journal gives them, a millisecond apart."""
    return [
        Kept(index, START + timedelta(milliseconds=index), "", raw)
        for index, raw in enumerate(messages, start)
    ]


def projected(path: Path, records: Sequence[Kept | Gone], batch: int = 100) -> Taken:
    """Project everything in batches, close, and return the sum of what became of it."""
    total = Taken()
    with closing(Projector(path)) as projector:
        for start in range(0, len(records), batch):
            taken = projector.take(records[start : start + batch])
            total.projected += taken.projected
            total.duplicates += taken.duplicates
            total.reused += taken.reused
            total.unprojected += taken.unprojected
            total.gone += taken.gone
            total.quarantined += taken.quarantined
    return total


def viewed(folder: Path, messages: Iterable[bytes], batch: int = 100) -> Views:
    """The views of these messages."""
    path = folder / "views.sqlite3"
    projected(path, kept(messages), batch)
    return Views(path)


def shared_data() -> Path | None:
    """The folder of messages written by others, beside the repository or where the variable
    ``RELEVE_SHARED_DATA`` says; None when it is not on this machine.
    """
    named = os.environ.get("RELEVE_SHARED_DATA")
    parents = Path(__file__).resolve().parents
    places = [Path(named)] if named else [each / "shared" / "data" for each in parents]
    return next((place for place in places if (place / "hl7v2").is_dir()), None)

"""The gates of the recovery order that named persons closed in the open crisis, for the map."""

from __future__ import annotations

from collections.abc import Mapping

from releve.incident.app.desk import current, gates_closed


def closed_tonight() -> Mapping[str, str]:
    """Gate's name → who closed it; nothing when no crisis is open."""
    incident = current()
    if incident is None:
        return {}
    return {each.words: each.by_words for each in gates_closed(incident).values()}

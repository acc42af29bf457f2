"""What each sender wants to be answered: ``HOME/care/senders.toml``, written by people.

    [sender."LABO|CHV"]
    unreadable = "AE"      # a message kept in quarantine is told so; « AA » without this line

The empty name is for messages whose sender cannot be read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from releve.care.errors import BadSenders
from releve.care.intake import Incoming, Kept
from releve.care.projection import Projector

_FILE = "care/senders.toml"
_CODES = {"AA": b"AA", "AE": b"AE"}


class Senders:
    """Which senders are told that a kept message cannot be read."""

    def __init__(self, strict: frozenset[str] = frozenset()) -> None:
        self._strict = strict

    def codes(self, messages: Sequence[Incoming]) -> list[bytes]:
        """What answers messages that are on the disk, in order: AA, or AE for those that go to
        quarantine when their sender wants to know. About 2 ms for each message of such a sender.
        """
        return [
            b"AE" if message.sender in self._strict and _set_aside(message) else b"AA"
            for message in messages
        ]


def _set_aside(message: Incoming) -> bool:
    """Whether the views would put this message in quarantine: asked of views of its own."""
    with closing(Projector(Path(":memory:"))) as projector:
        kept = Kept(0, message.received, message.sender, message.raw)
        return bool(projector.take([kept]).quarantined)


def read_senders(home: Path) -> Senders:
    """The home's settings; every sender is answered AA when there are none.

    Raises :class:`~releve.care.errors.BadSenders` naming the file.
    """
    path = home / _FILE
    if not path.exists():
        return Senders()
    try:
        found = tomllib.loads(path.read_text("utf-8"))
        tables = found.pop("sender", {})
        codes = {name: table["unreadable"] for name, table in tables.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSenders(file=_FILE, what=error) from error
    unknown = [*found, *(str(code) for code in codes.values() if code not in _CODES)]
    if unknown:
        raise BadSenders(file=_FILE, what=f"« {unknown[0]} » n'est pas connu ici")
    return Senders(frozenset(name for name, code in codes.items() if code == "AE"))

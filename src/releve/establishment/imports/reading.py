"""From octets to tables, texts and members, through the confined process of :mod:`.sheets`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releve.establishment.faults import shown
from releve.establishment.imports import sheets
from releve.establishment.imports.book import BadAnswer, Book, parse_book
from releve.establishment.imports.errors import FileUnreadable
from releve.kernel.confinement.closing import Limits
from releve.kernel.confinement.process import Confined, Source, Stopped, Unreadable

#: The largest file taken, in octets.
MAX_FILE = 64 << 20
_LIMITS = Limits(seconds=60)
_MOST_ANSWER = 512 << 20
_FOLDER = Path(sheets.__file__).parent


@dataclass(frozen=True)
class Text:
    """A document's words; see :class:`.sheets.documents.Document`."""

    kind: str
    title: str
    day: str
    pages: int
    text: str
    partial: str
    live: str


class Reader(Confined):
    """The confined readers. Use as a context manager; one process reads many files.

    Every method raises :class:`FileUnreadable`, naming the file ``name``.
    """

    def __init__(self, limits: Limits = _LIMITS) -> None:
        super().__init__("releve.establishment.imports.sheets", _FOLDER, limits, _MOST_ANSWER)

    def tables(self, source: Source, name: str, only: Sequence[str] = ()) -> bytes:
        """The answer of :func:`~.book.parse_book`, already checked once."""
        answer = self.answer(source, name, only)
        _checked(answer, name)
        return answer

    def answer(self, source: Source, name: str, only: Sequence[str] = ()) -> bytes:
        """What the process said of the tables, to be checked."""
        return self._told(source, name, {"task": "tables", "only": list(only)})

    def book(self, source: Source, name: str, only: Sequence[str] = ()) -> Book:
        """The tables of one file."""
        return _checked(self.answer(source, name, only), name)

    def document(self, source: Source, name: str) -> Text:
        """The words of a document."""
        said = _object(self._told(source, name, {"task": "document"}))
        try:
            words = {
                key: str(said[key]) for key in ("kind", "title", "day", "text", "partial", "live")
            }
            return Text(pages=int(said["pages"]), **words)
        except (KeyError, TypeError, ValueError) as error:
            raise FileUnreadable(name=shown(name), why="réponse incompréhensible") from error

    def members(self, source: Source, name: str) -> list[tuple[int, str, str]]:
        """(place, name, what is wrong with it) of what a zip holds."""
        said = _object(self._told(source, name, {"task": "members"})).get("members", [])
        return [(int(place), str(member), str(wrong)) for place, member, wrong in said]

    def member(self, source: Source, name: str, place: int) -> bytes:
        """The octets of one of them."""
        return self._told(source, name, {"task": "member", "place": place})

    def _told(self, source: Source, name: str, request: dict[str, object]) -> bytes:
        try:
            answer = self.ask([source], json.dumps(request).encode())
        except Unreadable as error:
            raise FileUnreadable(name=shown(name), why=str(error)) from error
        if isinstance(answer, Stopped):
            why = f"sa lecture a été arrêtée ({answer.reason}) ; il est trop lourd, ou piégé"
            raise FileUnreadable(name=shown(name), why=why)
        if answer[:1] == b"=":
            return answer[1:]
        if answer.startswith(b'{"refused"'):
            why = str(_object(answer).get("refused", ""))[:300]
            raise FileUnreadable(name=shown(name), why=why)
        return answer


def read_book(source: Source, name: str, only: Sequence[str] = ()) -> Book:
    """One file, one process; raises :class:`FileUnreadable`."""
    with Reader() as reader:
        return reader.book(source, name, only)


def _checked(answer: bytes, name: str) -> Book:
    try:
        return parse_book(answer)
    except BadAnswer as error:
        raise FileUnreadable(name=shown(name), why="réponse incompréhensible") from error


def _object(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}

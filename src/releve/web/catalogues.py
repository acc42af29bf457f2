"""Compile the English catalogue: ``python -m releve.web.catalogues``. Standard library only.

The ``.po`` file is the source, in the repository; the ``.mo`` file beside it is made when Relève is
installed and when the wheel is built (docs/decisions/0003). Format: GNU gettext manual, chapter 10.
"""

from __future__ import annotations

import ast
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from releve.kernel.errors import ReleveError

FOLDER = Path(__file__).parent / "locale"
_MAGIC = 0x950412DE
_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d)\])?\s+)?(".*")')


class BadCatalogue(ReleveError):
    """{file}, ligne {line} : ceci n'est pas une ligne de catalogue."""

    next_step = 'Écrivez msgid "…" puis msgstr "…" ; les lignes suivantes entre guillemets.'


@dataclass
class Message:
    """One entry: the French text (and its plural), its translations, the line it begins at."""

    line: int
    flags: frozenset[str] = frozenset()
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def msgid(self) -> str:
        return self.parts.get("msgid", "")

    @property
    def plural(self) -> str | None:
        return self.parts.get("msgid_plural")

    @property
    def translations(self) -> tuple[str, ...]:
        """One text, or the singular then the plural."""
        return tuple(text for key, text in self.parts.items() if key.startswith("msgstr"))


def read(path: Path) -> Iterator[Message]:
    """The entries of a ``.po`` file, its header (an empty msgid) first. Obsolete ones (``#~``) are
    not entries. Raises :class:`BadCatalogue`.
    """
    message = Message(1)
    key = ""
    flags: frozenset[str] = frozenset()
    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = text.strip()
        if line.startswith("#,"):
            flags = frozenset(flag.strip() for flag in line[2:].split(","))
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or not (found[1] or key):
            raise BadCatalogue(file=path.name, line=number)
        if found[1] in ("msgid", "msgctxt") and message.translations:
            yield message
            message = Message(number)
        if found[1]:
            key = found[1] + (found[2] or "")
            message.flags, flags = message.flags | flags, frozenset()
        message.parts[key] = message.parts.get(key, "") + _unquoted(found[3], path, number)
    if message.parts:
        yield message


def compiled(messages: Iterator[Message]) -> bytes:
    """The ``.mo`` file of these entries, in the machine's own order of bytes (little-endian)."""
    pairs = sorted((_key(m), "\0".join(m.translations).encode()) for m in messages)
    ids = b"\0".join([key for key, _ in pairs]) + b"\0"
    texts = b"\0".join([text for _, text in pairs]) + b"\0"
    at_ids = 28 + 16 * len(pairs)
    heads, tails = [], []
    at, to = at_ids, at_ids + len(ids)
    for key, text in pairs:
        heads += [len(key), at]
        tails += [len(text), to]
        at, to = at + len(key) + 1, to + len(text) + 1
    header = (_MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at_ids)
    return struct.pack(f"<7I{4 * len(pairs)}I", *header, *heads, *tails) + ids + texts


def compile_all(folder: Path = FOLDER) -> list[Path]:
    """Write each ``.mo`` beside its ``.po``; those that are written already stay as they are."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        made = compiled(read(source))
        if target.exists() and target.read_bytes() == made:
            continue
        fresh = target.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(made)
        fresh.replace(target)
        written.append(target)
    return written


def _key(message: Message) -> bytes:
    text = message.msgid if message.plural is None else f"{message.msgid}\0{message.plural}"
    return text.encode()


def _unquoted(text: str, path: Path, line: int) -> str:
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError) as error:
        raise BadCatalogue(file=path.name, line=line) from error


if __name__ == "__main__":
    try:
        compile_all()
    except ReleveError as error:
        raise SystemExit(f"{error}\n→ {error.remedy}") from error

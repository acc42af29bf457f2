"""TOML tables that know the line each key was written on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from releve.establishment.faults import Findings, shown
from releve.establishment.text import clean, decode

_HEADER = re.compile(r"\s*\[(\[?)\s*([A-Za-z0-9_.\"'-]+)\s*\]?\]\s*(?:#.*)?$")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")
_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
#: What tomllib says, by its first words, as a person may read it.
_SAID = (
    ("Invalid value", "une valeur illisible"),
    ("Invalid statement", "ni clé, ni tableau"),
    ("Invalid initial character", "une clé mal écrite"),
    ("Invalid date", "une date qui n'existe pas"),
    ("Expected '='", "il manque = après la clé"),
    ("Expected ']", "un crochet n'est pas refermé"),
    ("Expected newline", "quelque chose de trop en fin de ligne"),
    ("Expected", "un guillemet n'est pas refermé"),
    ("Unterminated", "un guillemet n'est pas refermé"),
    ("Unclosed array", "un crochet n'est pas refermé"),
    ("Unclosed inline", "une accolade n'est pas refermée"),
    ("Cannot overwrite", "une clé écrite deux fois"),
    ("Duplicate", "une clé écrite deux fois"),
    ("Cannot", "un tableau écrit deux fois"),
    ("Unescaped", "une barre \\ isolée dans un texte"),
    ("Found invalid", "un caractère interdit"),
    ("Illegal character '\\n'", "un guillemet n'est pas refermé"),
    ("Illegal", "un caractère interdit"),
    ("Exceeds", "un nombre trop long"),
)
_TRIPLE = re.compile(r'"""|\'\'\'')


@dataclass(frozen=True)
class Table:
    """One ``[table]`` or ``[[table]]``: its values, the line of its header and of each key."""

    file: str
    name: str
    line: int
    values: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)

    def at(self, key: str) -> int:
        """The line of ``key``, else of the table."""
        return self.lines.get(key, self.line)


def read_tables(file: str, data: bytes, findings: Findings) -> dict[str, list[Table]] | None:
    """Every table by name, the top level under ``""``; None, with a fault, when it is no TOML."""
    text = decode(file, data, findings)
    if text is None:
        return None
    text = text.replace("\r\n", "\n")
    try:
        parsed = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        findings.fault(file, *_syntax(text, str(error)))
        return None
    except RecursionError:
        findings.fault(
            file, 0, "toml", "des tableaux trop emboîtés", "Suivez docs/establishment.md"
        )
        return None
    return _tables(file, parsed, list(_headers(text)))


def _syntax(text: str, said: str) -> tuple[int, str, str, str]:
    place = _AT_LINE.search(said)
    line = int(place[1]) if place else text.count("\n") + 1
    wrong = text.split("\n")[line - 1].strip()
    what = f"ce n'est pas du TOML : « {shown(wrong)} » ({_told(said)})"
    return line, "toml", what, 'Un texte va entre guillemets, une liste entre crochets : a = ["b"].'


def _told(said: str) -> str:
    return next((told for start, told in _SAID if said.startswith(start)), "une écriture illisible")


def _headers(text: str) -> Iterator[tuple[int, str, dict[str, int]]]:
    """(line, table name, line of each key), the top level first; multi-line texts are skipped."""
    line_of: dict[str, int] = {}
    current: tuple[int, str, dict[str, int]] = (1, "", line_of)
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        was_inside = inside
        if len(_TRIPLE.findall(line)) % 2:
            inside = not inside
        if was_inside:
            continue
        header = _HEADER.match(line)
        if header:
            yield current
            current = (number, header[2].strip("\"'"), {})
        elif key := _KEY.match(line):
            current[2].setdefault(key[1], number)
    yield current


def _tables(
    file: str, parsed: dict[str, Any], headers: Sequence[tuple[int, str, dict[str, int]]]
) -> dict[str, list[Table]]:
    places: dict[str, list[tuple[int, dict[str, int]]]] = {}
    for line, name, keys in headers:
        places.setdefault(name, []).append((line, keys))
    top_line, top_keys = places[""][0]
    plain = {key: value for key, value in parsed.items() if not _is_table(value)}
    found = {"": [Table(file, "", top_line, plain, top_keys)]}
    for name, value in parsed.items():
        if _is_table(value):
            known = iter(places.get(name, ()))
            found[name] = [
                Table(file, name, *_placed(next(known, None), top_keys.get(name, 0), each))
                for each in (value if isinstance(value, list) else [value])
            ]
    return found


def _placed(
    place: tuple[int, dict[str, int]] | None, fallback: int, values: dict[str, Any]
) -> tuple[int, dict[str, Any], dict[str, int]]:
    line, keys = place if place else (fallback, {})
    return line, values, keys


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) for each in value)
    return isinstance(value, dict)


def texts_clean(table: Table, findings: Findings) -> bool:
    """False, with a fault, when a text of the table holds a hidden character or is too long."""
    for key, value in table.values.items():
        texts = value if isinstance(value, list) else [value]
        if not clean(table.file, table.at(key), [x for x in texts if isinstance(x, str)], findings):
            return False
    return True

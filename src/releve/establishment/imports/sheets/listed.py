"""JSON lists, LDIF and HTML tables: records whose fields name themselves."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from releve.establishment.imports.sheets.delimited import decode
from releve.establishment.imports.sheets.secret import is_secret
from releve.establishment.imports.sheets.table import MAX_ROWS, MAX_TEXT, Refused, Table, dense

_MAX_DEPTH = 4
_ATTRIBUTE = re.compile(r"([A-Za-z][A-Za-z0-9.-]*)(?:;[A-Za-z0-9.;-]*)?(::?<?)\s*(.*)", re.DOTALL)


def _table(name: str, records: list[tuple[int, dict[str, str]]]) -> Table:
    """Records as a table under a line of their fields' names."""
    if len(records) > MAX_ROWS:
        raise Refused(f"plus de {MAX_ROWS} enregistrements")
    fields = list(dict.fromkeys(key for _, record in records for key in record))
    rows = [fields, *([record.get(key, "") for key in fields] for _, record in records)]
    table = dense(name, (1, 1), rows, hidden=False)
    starts = [0, *(line for line, _ in records)]
    table.rows = [(starts[number - 1], cells) for number, cells in table.rows]
    return table


def read_json(data: bytes) -> list[Table]:
    """A list of objects, or an object that holds one or several."""
    text, _ = decode(data)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("ce n'est pas du JSON entier (le fichier est-il coupé ?)") from error
    tables = []
    for name, objects in _lists(found, ""):
        records = [(n, _flat(each)) for n, each in enumerate(objects, 1) if isinstance(each, dict)]
        if records:
            tables.append(_table(name, records))
            tables[-1].partial = _partial(found, len(objects))
    if not tables:
        raise Refused("ce JSON ne contient aucune liste d'objets")
    return tables


def _partial(found: Any, held: int) -> str:  # noqa: ANN401
    """GLPI's search answers say how many there are in all (« totalcount », its REST API)."""
    whole = found.get("totalcount") if isinstance(found, dict) else None
    if isinstance(whole, int) and whole > held:
        return f"le fichier ne porte que {held} enregistrements sur {whole} (range=0-{whole})"
    return ""


def _lists(
    found: Any,  # noqa: ANN401
    name: str,
) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(found, list):
        yield name, found
    elif isinstance(found, dict):
        inner = [(key, each) for key, each in found.items() if isinstance(each, list)]
        if not inner and found and all(isinstance(each, dict) for each in found.values()):
            yield name, list(found.values())  # objects under their own numbers
        elif not inner and found:
            yield name, [found]
        for key, each in inner:
            if any(isinstance(one, dict) for one in each):
                yield key, each


def _flat(record: dict[str, Any], above: str = "", depth: int = 0) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in record.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            flat |= _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            flat[name] = ", ".join(_word(each) for each in value[:50])[:MAX_TEXT]
        else:
            flat[name] = _word(value)[:MAX_TEXT]
    return flat


def _word(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, dict):
        return str(value.get("completename") or value.get("name") or "")
    return str(value)


def read_ldif(data: bytes) -> tuple[Table, dict[str, int]]:
    """(one table, secret attribute → values dropped). RFC 2849: continuations, ``::``, comments;
    a record that deletes, or changes an entry, is left out and said.
    """
    text, _ = decode(data)
    records: list[tuple[int, dict[str, str]]] = []
    secrets: dict[str, int] = {}
    left_out = 0
    for line, pairs in _ldif_records(text):
        fields: dict[str, list[str]] = {}
        for name, value in pairs:
            if is_secret(name):
                secrets[name] = secrets.get(name, 0) + 1
            elif value:
                fields.setdefault(name, []).append(value)
        change = "".join(fields.pop("changetype", ["add"])).lower()
        if change != "add":
            left_out += 1
        elif len(fields) > 1:
            records.append((line, {k: "\n".join(v)[:MAX_TEXT] for k, v in fields.items()}))
    if not records:
        raise Refused("aucune entrée complète dans ce LDIF")
    table = _table("", records)
    if links := len(re.findall(r"(?m)^[A-Za-z][\w.;-]*:<", text)):
        table.partial = f"{links} valeur(s) qu'une adresse (« :< ») dit ailleurs : pas lue(s)"
    if left_out:
        table.notes.append(f"{left_out} modification(s) ou suppression(s) (changetype) non lue(s)")
    return table, secrets


def _ldif_records(text: str) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    start, pairs = 0, list[tuple[str, str]]()
    for number, line in _unfolded(text):
        if not line.strip():
            if pairs:
                yield start, pairs
            start, pairs = 0, []
            continue
        found = _ATTRIBUTE.fullmatch(line)
        if found is None or line.startswith("#"):
            continue
        name, mark, value = found.groups()
        if name.lower() == "version" and not pairs:
            continue
        start = start or number
        pairs.append((name, _value(mark, value)))
    if pairs:
        yield start, pairs


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """(number, line) with its continuations."""
    held: list[str] = []
    start = 1
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.startswith(" ") and held:
            held.append(line[1:])
            continue
        if held:
            yield start, "".join(held)
        held, start = [line], number
    if held:
        yield start, "".join(held)


def _value(mark: str, value: str) -> str:
    """A ``::`` value that is no text (a picture, a SID) is left out, as what ``:<`` points at."""
    if mark == "::":
        try:
            return base64.b64decode(value.replace(" ", ""), validate=True).decode("utf-8").strip()
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return "" if mark.endswith("<") else value.strip()


class _Tables(HTMLParser):
    """Rows of every table of an HTML page; nothing else of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()
        if tag == "table" or (tag == "tr" and not self.tables):
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()

    def _close(self) -> None:
        """End the open cell: pages often leave it to the next one."""
        if self._cell is not None:
            self.tables[-1][-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def read_html(data: bytes) -> list[Table]:
    """The tables of a page that some software calls « .xls »."""
    text, _ = decode(data)
    parser = _Tables()
    parser.feed(text)
    found = [dense("", (1, 1), rows, hidden=False) for rows in parser.tables if rows]
    if not found:
        raise Refused("cette page HTML ne contient aucun tableau")
    for number, table in enumerate(found, 1):
        table.name = f"tableau {number}"
    return found

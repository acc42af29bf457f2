"""What accepting a head's answer changes in the folder: the same files, one value changed, every
comment kept. Pure: bytes in, bytes out; :func:`releve.establishment.store.amend` checks and keeps.
"""

from __future__ import annotations

from collections.abc import Mapping

import tomlkit

from releve.establishment import entities, inventory
from releve.establishment.contradictions import Amendment, Edit
from releve.establishment.faults import Findings
from releve.establishment.interview_errors import NothingToAmend
from releve.establishment.located import read_tables
from releve.establishment.model import SERVICE_PREFIX, Establishment
from releve.establishment.text import decode, normal

_KEYS = {Edit.DMIA: "dmia", Edit.PDMA: "pdma"}
#: The ``kind`` of a dependency that an interview brought.
SAID = "dit par le service"


def changed(
    files: Mapping[str, bytes], establishment: Establishment, amendment: Amendment
) -> dict[str, bytes]:
    """name → new bytes of the files that change; raises :class:`NothingToAmend`."""
    if amendment.edit in _KEYS:
        return {entities.FILE: _span(files[entities.FILE], amendment)}
    if amendment.edit is Edit.ADD:
        return {inventory.DEPENDENCIES: _added(files[inventory.DEPENDENCIES], amendment)}
    return _removed(files, establishment, amendment)


def _text(name: str, data: bytes) -> str:
    text = decode(name, data, Findings())
    if text is None:
        raise NothingToAmend(what=f"{name} ne se lit pas")
    return text


def _span(data: bytes, amendment: Amendment) -> bytes:
    text, key = _text(entities.FILE, data), _KEYS[amendment.edit]
    document = tomlkit.parse(text)
    for table in document.get("service", ()):
        if str(table.get("code", "")).strip() == amendment.service:
            if key not in table:
                return _inserted(text, data, key, amendment).encode()
            table[key] = amendment.value
            return tomlkit.dumps(document).encode()
    raise NothingToAmend(what=f"le service {amendment.service} n'est plus dans {entities.FILE}")


def _inserted(text: str, data: bytes, key: str, amendment: Amendment) -> str:
    """A key that was not there, on the line after the service's code: at the end of the table it
    would stand below the comments of the next one.
    """
    tables = read_tables(entities.FILE, data, Findings()) or {}
    lines = text.splitlines(keepends=True)
    for table in tables.get("service", ()):
        if str(table.values.get("code", "")).strip() == amendment.service:
            at = table.at("code")
            end = "\r\n" if lines[at - 1].endswith("\r\n") else "\n"
            lines.insert(at, f'{key} = "{amendment.value}"{end}')
    return "".join(lines)


def _added(data: bytes, amendment: Amendment) -> bytes:
    text = _text(inventory.DEPENDENCIES, data)
    lines = text.splitlines()
    header = next((x for x in lines if x.strip() and not x.startswith("#")), "node;needs")
    separator = max(";,\t", key=header.count)
    known = {
        "node": SERVICE_PREFIX + amendment.service,
        "needs": amendment.value,
        "kind": SAID,
    }
    columns = [normal(cell.strip().strip('"')) for cell in header.split(separator)]
    row = separator.join(known.get(name, "") for name in columns)
    end = "\r\n" if "\r\n" in text else "\n"
    before = text if not text or text.endswith(("\n", "\r")) else text + end
    return f"{before}{row}{end}".encode()


def _removed(
    files: Mapping[str, bytes], establishment: Establishment, amendment: Amendment
) -> dict[str, bytes]:
    node, gone = SERVICE_PREFIX + amendment.service, amendment.value
    found: dict[str, bytes] = {}
    rows = [
        d.line for d in establishment.dependencies if (d.node, d.needs) == (node, gone) and d.line
    ]
    if rows:
        lines = _text(inventory.DEPENDENCIES, files[inventory.DEPENDENCIES]).splitlines(
            keepends=True
        )
        kept = [line for number, line in enumerate(lines, 1) if number not in rows]
        found[inventory.DEPENDENCIES] = "".join(kept).encode()
    document = tomlkit.parse(_text(inventory.APPLICATIONS, files[inventory.APPLICATIONS]))
    for table in document.get("application", ()):
        services = table.get("services", [])
        if str(table.get("id", "")).strip() == gone and amendment.service in services:
            services.remove(amendment.service)
            found[inventory.APPLICATIONS] = tomlkit.dumps(document).encode()
    if not found:
        raise NothingToAmend(what=f"{amendment.service} ne dépend plus de {gone}")
    return found

"""GLPI, as CSV or JSON, in French or English → machines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from releve.establishment.imports.book import Sheet, text_of
from releve.establishment.imports.layout import Record
from releve.establishment.imports.lines import Findings
from releve.establishment.imports.machines import (
    KIND_WORDS,
    Box,
    is_left_out,
    kind_of,
    name_in,
    plain,
    serial_in,
)
from releve.establishment.imports.services import Services
from releve.establishment.model import MachineKind
from releve.establishment.words import key

_SEARCH = Path(__file__).with_name("glpi_search.toml")
_YES = frozenset({"1", "oui", "yes", "true", "vrai", "o", "y"})
_VIRTUAL = ("virtual", "virtuel", "vmware", "kvm", "hyper v", "qemu", "virtualbox", "xen")


@lru_cache(maxsize=1)
def _options() -> Mapping[str, str]:
    found = tomllib.loads(_SEARCH.read_text("utf-8"))
    return {number: str(label) for number, label in found["computer"].items()}


def in_words(sheet: Sheet) -> Sheet:
    """An answer of GLPI's search, whose columns are numbers, under their labels; another sheet as
    it is.
    """
    if not sheet.rows:
        return sheet
    number, head = sheet.rows[0]
    said = [text_of(cell) for cell in head]
    if len(said) < 2 or not all(text.isdigit() for text in said) or "1" not in said:
        return sheet
    labels = tuple(_options().get(text, f"option {text}") for text in said)
    return replace(sheet, rows=((number, labels), *sheet.rows[1:]))


def read_machines(
    lines: Iterable[Record], services: Services, findings: Findings, hint: str = ""
) -> list[Box]:
    """Computers, servers and network equipment; ``hint``: what the table is called (a JSON list of
    « NetworkEquipment »). Printers, screens and what is scrapped are left out and said.
    """
    found = []
    for record in lines:
        name = name_in(record, "name", findings)
        if why := _absent(record):
            findings.leave_out(record.line, name or record.text("serial"), why)
            continue
        if not name:
            if not record.text("name") and (record.text("serial") or record.text("id")):
                remedy = "Donnez un nom à cette machine dans GLPI."
                findings.doubt(record.line, record.text("serial") or "sans nom", "sans nom", remedy)
            continue
        box = _box(record, name, services, findings, hint)
        if box is not None:
            found.append(box)
    return found


def _absent(record: Record) -> str:
    status = record.text("status")
    if is_left_out(status):
        return f"statut « {status} »"
    if key(record.text("deleted")) in _YES:
        return "à la corbeille de GLPI"
    return "gabarit, pas une machine" if key(record.text("template")) in _YES else ""


def _box(
    record: Record, name: str, services: Services, findings: Findings, hint: str
) -> Box | None:
    os = " ".join(
        dict.fromkeys(
            filter(None, (plain(record, "os", findings, name), record.text("os_version")))
        )
    )
    said = [record.text("kind"), record.text("model"), hint]
    kind = kind_of(said, os, name)
    if kind == "other":
        findings.leave_out(
            record.line, name, f"« {record.text('kind')} » : pas une machine du plan"
        )
        return None
    if not kind:
        kinds = ", ".join(KIND_WORDS.values())
        what = f"type « {record.text('kind')} » inconnu : prise comme poste"
        findings.doubt(record.line, name, what, f"Dites son type dans GLPI ({kinds}).")
        kind = "workstation"
    makers = key(f"{record.text('maker')} {record.text('model')} {record.text('kind')}")
    virtual = key(record.text("virtual")) in _YES or any(word in makers for word in _VIRTUAL)
    if virtual and kind == "workstation" and "windows 1" not in key(os):
        kind = "server"
    service = services.find(record.text("service")) or services.find(record.text("location"))
    domain = record.text("domain").strip(".")
    fqdn = record.text("fqdn") or (f"{name}.{domain}" if "." in domain and "." not in name else "")
    role = plain(record, "comment", findings, name)[:80]
    if kind in ("server", "network", "storage", "hypervisor"):
        service = ""
        role = role or ("machine virtuelle" if virtual else record.text("model")[:80])
    serial = serial_in(record, name, findings)
    return Box(
        record.line, name, MachineKind(kind), service, "", role, os[:120], serial, fqdn,
        virtual=virtual,
    )  # fmt: skip

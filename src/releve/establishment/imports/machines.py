"""Inventories of machines (GLPI, RVTools, directory) → machines.csv."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from releve.establishment import inventory
from releve.establishment.faults import shown
from releve.establishment.imports.layout import Record
from releve.establishment.imports.lines import Findings, State, Told
from releve.establishment.imports.merge import Merged, Row, Words, merge
from releve.establishment.imports.standing import Standing, Wishes, changed_files
from releve.establishment.model import MachineKind
from releve.establishment.text import is_id
from releve.establishment.words import cleaned, free, hidden_in, is_live, key, slug

FIELDS = (
    *("kind", "name", "site", "service", "role", "os"),
    *("restore_minutes", "restore_source"),
)
LABELS: Mapping[str, str] = {
    "kind": "genre",
    "name": "nom",
    "site": "site",
    "service": "service",
    "role": "rôle",
    "os": "système",
    "restore_minutes": "minutes de remise en service",
    "restore_source": "durée",
}
ASSUMED = "supposé"
_COLUMNS = ("id", *FIELDS)
#: Kept beside what was imported, to know a machine again under another name.
_TRACES = ("serial", "fqdn")
_ROUNDED = re.compile(r"\d([.,]\d+)?[Ee]\+?\d+")
_WORDS = Path(__file__).with_name("machines.toml")
KIND_WORDS = {
    "server": "serveur",
    "workstation": "poste",
    "hypervisor": "hyperviseur",
    "network": "réseau",
    "storage": "stockage",
}


@dataclass
class Box:
    """A machine as one line gives it; ``virtual`` runs on ``host`` when it says one, in the
    datacenter ``place``.
    """

    line: int
    name: str
    kind: MachineKind
    service: str = ""
    site: str = ""
    role: str = ""
    os: str = ""
    serial: str = ""
    fqdn: str = ""
    host: str = ""
    virtual: bool = False
    place: str = ""
    also: list[int] = field(default_factory=list)


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """machines.toml."""
    return tomllib.loads(_WORDS.read_text("utf-8"))


def called(row: Row) -> str:
    """Its name, else its id."""
    return row.get("name") or row.get("id", "")


TOLD = Words(LABELS, called)


def kind_of(said: Iterable[str], os: str, name: str) -> str:
    """server, workstation… from the type and model, the system, the name; « other » for what is no
    machine of the plan; empty when nothing says.
    """
    table = words()
    for text in said:
        found = _first(table["kind"], text)
        if found == "workstation" and _first(table["os"], os) in ("server", "hypervisor"):
            found = _first(table["os"], os) if "linux" not in key(os) else found
        if found:
            return found
    system = _first(table["os"], os)
    if system:
        return system
    head = key(name).replace(" ", "")
    starts = [(p, kind) for kind, prefixes in table["prefix"].items() for p in prefixes]
    return next(
        (kind for p, kind in sorted(starts, key=lambda e: -len(e[0])) if head.startswith(p)), ""
    )


def _first(table: Mapping[str, Sequence[str]], text: str) -> str:
    said = f" {key(text)} "
    for kind, names in table.items():
        if any(f" {name} " in said or (len(name) > 4 and f" {name}" in said) for name in names):
            return kind
    return ""


def is_left_out(status: str) -> bool:
    """Whether a status says that the machine is no longer there."""
    said = f" {key(status)} "
    return any(f" {word} " in said for word in words()["left_out"]["status"])


def name_in(record: Record, field: str, findings: Findings) -> str:
    """A machine's name, empty (and said) when it is none."""
    text = record.text(field)
    if is_live(text):
        what = f"« {shown(text)} » est une formule, pas un nom"
        findings.doubt(record.line, text, what, "Écrivez le nom de la machine.")
        return ""
    if hidden_in(text):
        what = f"caractères invisibles dans « {shown(text)} » : ôtés"
        findings.doubt(record.line, cleaned(text), what, "Vérifiez ce nom.")
    return cleaned(text)


def plain(record: Record, field: str, findings: Findings, who: str) -> str:
    """Another text of the line; a formula is not taken."""
    text = record.text(field)
    if is_live(text):
        what = f"« {shown(text)} » est une formule : pas prise"
        findings.doubt(record.line, who, what, "Écrivez la valeur elle-même.")
        return ""
    return cleaned(text)[:200]


def serial_in(record: Record, name: str, findings: Findings) -> str:
    """A serial number; one that a spreadsheet rounded to powers of ten is lost, and told."""
    text = record.text("serial")
    if _ROUNDED.fullmatch(text.replace(" ", "")) is None:
        return text
    what = f"numéro de série « {shown(text)} » : arrondi par un tableur, pas pris"
    findings.doubt(record.line, name, what, "Redonnez l'export d'origine, sans passer par Excel.")
    return ""


def once(found: Sequence[Box], findings: Findings) -> list[Box]:
    """Each machine once: same serial number, same full name, same name."""
    kept: dict[tuple[str, str], Box] = {}
    for each in found:
        names = _identities(each)
        first = next((kept[k] for k in names if k in kept), None)
        if first is None:
            for k in names:
                kept[k] = each
            continue
        if first.place and each.place and key(first.place) != key(each.place):
            what = (
                f"même nom que ligne {first.line}, dans « {shown(each.place)} » et non"
                f" « {shown(first.place)} » : pas prise"
            )
            remedy = "Renommez l'une des deux, ou ôtez la réplique."
            findings.doubt(each.line, each.name, what, remedy)
            continue
        if first.serial and each.serial and key(first.serial) != key(each.serial):
            what = f"même nom que ligne {first.line}, autre numéro de série : pas prise"
            remedy = "Renommez l'une des deux, ou ôtez celle qui n'existe plus."
            findings.doubt(each.line, each.name, what, remedy)
            continue
        if short_name(first.name) != short_name(each.name) and first.serial and each.serial:
            what = (
                f"même numéro de série que ligne {first.line} ({shown(first.name)}) :"
                " prises toutes deux"
            )
            remedy = "Vérifiez l'étiquette : machine renommée, ou numéro mal recopié."
            findings.doubt(each.line, each.name, what, remedy)
            each.serial = ""
            kept.setdefault(("name", short_name(each.name)), each)
            continue
        for name in ("service", "role", "os", "serial", "fqdn", "host", "site"):
            setattr(first, name, getattr(first, name) or getattr(each, name))
        first.also.append(each.line)
        for k in names:
            kept.setdefault(k, first)
    return list({id(each): each for each in kept.values()}.values())


def _identities(each: Box) -> list[tuple[str, str]]:
    keys = [("name", short_name(each.name))]
    if len(each.serial) > 3 and key(each.serial) not in _NO_SERIAL:
        keys.append(("serial", key(each.serial)))
    if "." in each.fqdn:
        keys.append(("fqdn", each.fqdn.lower().rstrip(".")))
    return keys


#: What makers leave in place of a number.
_NO_SERIAL = frozenset(
    {
        "to be filled by o e m",
        "default string",
        "none",
        "not specified",
        "system serial number",
        "na",
    }
)


def short_name(name: str) -> str:
    """« SRV-1.hopital.example » and « srv-1$ » → « srv-1 »; an address stays whole."""
    bare = name.strip().rstrip("$").lower()
    if re.fullmatch(r"[\d.]+", bare):
        return bare
    return bare.partition(".")[0] if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", bare) else bare


def merge_machines(
    boxes: Sequence[Box], standing: Standing, wishes: Wishes
) -> tuple[dict[str, bytes], Merged, dict[str, str]]:
    """machines.csv and its memory; and short name → id, for what depends on what."""
    table = standing.table(inventory.MACHINES, _COLUMNS)
    fields = (*_COLUMNS, *_TRACES)
    memory = standing.memory(inventory.MACHINES, fields).rows()
    current = table.rows()
    ids = _ids(boxes, current, memory, standing)
    new: dict[str, tuple[int, Row]] = {}
    names: dict[str, str] = {}
    for box, number in zip(boxes, ids, strict=True):
        names[short_name(box.name)] = number
        if box.fqdn:
            names.setdefault(short_name(box.fqdn), number)
        new.setdefault(number, (box.line, _row(box, number, current, wishes)))
    merged = merge(current, memory, new, TOLD, wishes.source, remove=wishes.remove)
    for number, row in merged.rows.items():
        row["id"] = number
        if row.get("restore_minutes") != current.get(number, row).get("restore_minutes"):
            row["restore_source"] = new[number][1].get("restore_source", "")
    traces = {number: box for box, number in zip(boxes, ids, strict=True)}
    for number, row in merged.memory.items():
        row["id"] = number
        if number in traces:
            row["serial"], row["fqdn"] = traces[number].serial, traces[number].fqdn
    files = changed_files(standing, inventory.MACHINES, table, merged.rows, fields, merged.memory)
    return files, merged, names


def _row(box: Box, number: str, current: Mapping[str, Row], wishes: Wishes) -> Row:
    stands = number in current
    minutes = "" if stands and current[number].get("restore_minutes") else assumed(box.kind)
    return {
        "kind": str(box.kind),
        "name": box.name,
        "site": box.site or ("" if stands else str(wishes.site)),
        "service": box.service,
        "role": box.role,
        "os": box.os,
        "restore_minutes": minutes,
        "restore_source": ASSUMED if minutes else "",
    }


def assumed(kind: MachineKind) -> str:
    """Minutes supposed for a kind while nobody has measured."""
    return str(words()["assumed_minutes"][str(kind)])


def _ids(
    boxes: Sequence[Box], current: Mapping[str, Row], memory: Mapping[str, Row], standing: Standing
) -> list[str]:
    """The id of a machine already known (by serial, full name, name), else its name made an id."""
    known: dict[tuple[str, str], str] = {}
    for number, row in current.items():
        known.setdefault(("name", short_name(number)), number)
        known.setdefault(("name", short_name(row.get("name", "") or number)), number)
    for number, row in memory.items():
        for name in _TRACES:
            if row.get(name):
                value = key(row[name]) if name == "serial" else row[name].lower()
                known.setdefault((name, value), number)
    others = set(standing.establishment.names) if standing.establishment else set()
    taken = {*current, *others}
    ids: list[str] = []
    for box in boxes:
        keys = sorted(_identities(box), key=lambda each: ["serial", "fqdn", "name"].index(each[0]))
        number = next((known[k] for k in keys if k in known), "")
        if not number:
            bare = box.name.rstrip("$")
            wanted = bare if is_id(bare) else slug(bare, most=60) or "MACHINE"
            number = free(wanted, taken)
        taken.add(number)
        for k in keys:
            known.setdefault(k, number)
        ids.append(number)
    return ids


def told_of(boxes: Sequence[Box], new: Iterable[Told]) -> tuple[list[Told], list[str]]:
    """Lines merged into another; and what was supposed, by kind."""
    told = [
        Told(State.SAME, line, shown(box.name), f"même machine que ligne {box.line} : réunies")
        for box in boxes
        for line in box.also
    ]
    fresh = {each.line for each in new if each.state is State.NEW}
    counts: dict[str, int] = {}
    for box in boxes:
        if box.line in fresh:
            counts[str(box.kind)] = counts.get(str(box.kind), 0) + 1
    notes = [
        f"{KIND_WORDS[kind]} ({count}) : {assumed(MachineKind(kind))} min de remise en service"
        " supposées ; mesurez ou corrigez"
        for kind, count in counts.items()
    ]
    return told, notes

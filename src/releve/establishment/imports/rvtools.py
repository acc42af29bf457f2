"""RVTools: virtual machines (vInfo), their hosts (vHost), and which runs on which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from releve.establishment import inventory
from releve.establishment.imports.layout import Record
from releve.establishment.imports.lines import Findings
from releve.establishment.imports.machines import Box, kind_of, name_in, plain, short_name
from releve.establishment.imports.merge import Merged, Row, Words, merge
from releve.establishment.imports.standing import Standing, Wishes, remembered_file
from releve.establishment.model import MachineKind
from releve.establishment.words import key

#: The tabs that matter among the thirty of an export.
SHEETS = ("vinfo", "tabvinfo", "vhost", "tabvhost")
_LINK = "hôte"
_KEY = ("node", "needs", "kind", "alternative")
_FIELDS = ("id", "node", "needs", "kind", "alternative")
_WORDS = Words({"needs": "tourne sur"}, lambda row: row.get("node", ""))
_YES = frozenset({"true", "oui", "vrai", "1", "yes"})


def read_virtual(lines: Iterable[Record], findings: Findings) -> list[Box]:
    """Machines that are on; templates, placeholders and those off are left out and said."""
    found = []
    for record in lines:
        name = name_in(record, "name", findings)
        if not name:
            continue
        state = key(record.text("state"))
        connection = key(record.text("connection"))
        if connection and connection not in ("connected", "connecte", "connectee"):
            what = f"état « {connection} » dans vCenter : pas prise"
            findings.doubt(record.line, name, what, "Confirmez qu'elle existe encore.")
        elif key(record.text("template")) in _YES:
            findings.leave_out(record.line, name, "modèle (template), pas une machine")
        elif key(record.text("srm")) in _YES:
            findings.leave_out(record.line, name, "réservation SRM, pas une machine")
        elif re.match(r"vcls\b", key(name)):
            findings.leave_out(record.line, name, "agent interne de vSphere")
        elif "suspend" in state:
            what = "suspendue le jour de l'export : prise"
            findings.doubt(record.line, name, what, "Confirmez qu'elle sert encore.")
            found.append(_virtual(record, name, findings))
        elif state and "on" not in state.replace("powered", "").split() and state != "poweredon":
            findings.leave_out(record.line, name, "éteinte le jour de l'export")
        else:
            found.append(_virtual(record, name, findings))
    return found


def _virtual(record: Record, name: str, findings: Findings) -> Box:
    os = plain(record, "os", findings, name) or plain(record, "os_config", findings, name)
    kind = kind_of((), os, name)
    return Box(
        record.line,
        name,
        MachineKind.WORKSTATION if kind == "workstation" else MachineKind.SERVER,
        role=plain(record, "annotation", findings, name)[:80] or "machine virtuelle",
        os=os[:120],
        serial=record.text("uuid"),
        fqdn=record.text("fqdn"),
        host=record.text("host"),
        virtual=True,
        place=record.text("datacenter"),
    )


def read_hosts(lines: Iterable[Record], findings: Findings) -> list[Box]:
    """Hypervisors."""
    return [
        Box(
            record.line,
            name,
            MachineKind.HYPERVISOR,
            role=" ".join(filter(None, ("cluster", record.text("cluster"))))
            if record.text("cluster")
            else "hyperviseur",
            os=record.text("os")[:120],
            serial=record.text("serial"),
            fqdn=name if "." in name else "",
        )
        for record in lines
        if (name := name_in(record, "name", findings))
    ]


def unseen_hosts(machines: Iterable[Box], hosts: Iterable[Box]) -> list[Box]:
    """Hosts that only vInfo names."""
    known = {short_name(host.name) for host in hosts}
    found: dict[str, Box] = {}
    for machine in machines:
        host = short_name(machine.host)
        if host and host not in known:
            found.setdefault(
                host, Box(machine.line, machine.host, MachineKind.HYPERVISOR, role="hyperviseur")
            )
    return list(found.values())


def merge_links(
    machines: Iterable[Box], names: Mapping[str, str], standing: Standing, wishes: Wishes
) -> tuple[dict[str, bytes], Merged]:
    """dependencies.csv: each machine needs its host; a machine that moved needs the new one."""
    table = standing.table(inventory.DEPENDENCIES, _KEY)
    rows = table.rows(_KEY)
    memory = standing.memory(inventory.DEPENDENCIES, _FIELDS).rows()
    new: dict[str, tuple[int, Row]] = {}
    for machine in machines:
        node, host = names.get(short_name(machine.name)), names.get(short_name(machine.host))
        if node and host and node != host:
            link = {"node": node, "needs": host, "kind": _LINK, "alternative": ""}
            new[node] = (machine.line, link)
    ours = {row["node"]: row for row in rows.values() if row.get("kind") == _LINK}
    written = {(row["node"], row["needs"]) for row in rows.values()}
    new = {
        node: (line, row)
        for node, (line, row) in new.items()
        if node in ours or (node, row["needs"]) not in written
    }
    merged = merge(ours, memory, new, _WORDS, wishes.source, remove=wishes.remove)
    others = {each: row for each, row in rows.items() if row.get("kind") != _LINK}
    joined = {
        **others,
        **{"|".join(row.get(f, "") for f in _KEY): row for row in merged.rows.values()},
    }
    after = {each: joined[each] for each in (*(e for e in rows if e in joined), *joined)}
    for node, row in merged.memory.items():
        row["id"] = node
    files: dict[str, bytes] = {}
    if after != rows:
        files[inventory.DEPENDENCIES] = table.written(after, _KEY)
    files |= remembered_file(standing, inventory.DEPENDENCIES, _FIELDS, merged.memory)
    return files, merged

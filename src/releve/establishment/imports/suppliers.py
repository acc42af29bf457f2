"""A list of suppliers → suppliers.toml, comments kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from releve.establishment import inventory
from releve.establishment.faults import shown
from releve.establishment.folder import BLANK
from releve.establishment.imports.layout import Record
from releve.establishment.imports.lines import Findings, State, Told
from releve.establishment.imports.merge import Merged, Row, Words, merge
from releve.establishment.imports.phones import Phones, read_phones, troubles
from releve.establishment.imports.standing import Standing, Wishes, remembered_file
from releve.establishment.text import is_id
from releve.establishment.words import cleaned, free, hidden_in, is_live, key, slug

FIELDS = ("name", "phone", "other_phones", "email", "contract", "hosting")
LABELS: Mapping[str, str] = {
    "name": "nom",
    "phone": "téléphone",
    "other_phones": "autres numéros",
    "email": "adresse",
    "contract": "contrat",
    "hosting": "hébergement",
}
_COLUMNS = ("id", *FIELDS)
_WORDS = Words(LABELS, lambda row: row.get("name", ""))
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_OVER = re.compile(r"\b(resilie|resiliee|resiliation|termine|terminee|clos|close|cloture|echu)\b")
_LEGAL = re.compile(r"\b(sa|sas|sarl|sasu|eurl|gmbh|inc|ltd|groupe|societe|france)\b")


def read_suppliers(lines: Iterable[Record], findings: Findings) -> dict[str, tuple[int, str, Row]]:
    """Name without case nor legal form → (line, the code of the list, row), each once."""
    found: dict[str, tuple[int, str, Row]] = {}
    for record in lines:
        written = record.text("name")
        if not written:
            continue
        if is_live(written):
            what = f"« {shown(written)} » est une formule, pas un nom"
            findings.doubt(record.line, written, what, "Écrivez le nom du fournisseur.")
            continue
        name = cleaned(written)
        if why := _over(record):
            what = f"{why} : pas pris"
            findings.doubt(record.line, name, what, "Ôtez la ligne, ou corrigez son état.")
            continue
        if _is_count(record, name):
            findings.leave_out(record.line, name, "total ou pied de page")
            continue
        if hidden_in(written):
            what = f"caractères invisibles dans « {shown(written)} » : ôtés"
            findings.doubt(record.line, name, what, "Vérifiez ce nom.")
        row = _row(record, name, findings)
        bare = same(name)
        if bare not in found:
            code = cleaned(record.text("id"))
            found[bare] = (record.line, code if is_id(code) else "", row)
            continue
        _join(found[bare], record.line, name, row, findings)
    told = {(each.line, each.who) for each in findings.told}
    for line, _, row in found.values():
        if not row["phone"] and (line, shown(row["name"])) not in told:
            remedy = "Demandez-lui un numéro d'astreinte."
            findings.doubt(line, row["name"], "aucun téléphone", remedy)
    return found


def same(name: str) -> str:
    """A company's name without case, accents nor legal form."""
    return " ".join(_LEGAL.sub(" ", key(name)).split()) or key(name)


def _row(record: Record, name: str, findings: Findings) -> Row:
    phones = Phones()
    for cell in record.cells.get("phone", ()):
        if isinstance(cell, str | int | float) and cell != "":
            phones += read_phones(cell)
    if phones.left:
        what = f"téléphone « {shown(phones.left)} » : pas pris"
        findings.doubt(record.line, name, what, "Dix chiffres, ou +33….")
    for what, remedy in troubles(phones):
        findings.doubt(record.line, name, what, remedy)
    written = " ".join(record.texts("email"))
    email = _EMAIL.search(written)
    if re.search(r"[^\W_]{3}", written) and email is None:
        what = f"adresse « {shown(written)} » : pas prise"
        findings.doubt(record.line, name, what, "Écrivez nom@domaine.fr, ou rien.")
    main, *others = phones.all or ("",)
    return {
        "name": name,
        "phone": main,
        "other_phones": " / ".join(others),
        "email": email[0].lower() if email else "",
        "contract": _plain(record, "contract"),
        "hosting": _hosting(record),
    }


def _over(record: Record) -> str:
    """Why a contract is no longer one, as its line says it; empty when it runs."""
    said = next((t for f in ("state", "name") if _OVER.search(key(t := record.text(f)))), "")
    return f"contrat terminé (« {shown(said)} »)" if said else ""


def _is_count(record: Record, name: str) -> bool:
    """« 6 contrats actifs », alone on its line."""
    said = [cell for cells in record.cells.values() for cell in cells if cell != ""]
    return len(said) == 1 and re.match(r"\d+\s+\w", name) is not None


def _hosting(record: Record) -> str:
    """« oui » in a column that asks for health data hosting means HDS, « non » nothing."""
    said = _plain(record, "hosting")
    return {"oui": "HDS", "o": "HDS", "x": "HDS", "yes": "HDS", "non": "", "n": "", "no": ""}.get(
        key(said), said
    )


def _plain(record: Record, which: str) -> str:
    text = record.text(which)
    return "" if is_live(text) else cleaned(text)[:200]


def _join(first: tuple[int, str, Row], line: int, name: str, row: Row, findings: Findings) -> None:
    """Complete the first; several contracts are listed, two telephones are doubtful."""
    kept = first[2]
    for field in ("phone", "email", "hosting"):
        if kept[field] and row[field] and kept[field] != row[field]:
            what = (
                f"{LABELS[field]} « {shown(row[field])} » : ligne {first[0]} dit"
                f" « {shown(kept[field])} », gardé"
                + (" ; l'autre suit dans les autres numéros" if field == "phone" else "")
            )
            findings.doubt(line, name, what, "Gardez une seule ligne par fournisseur.")
        kept[field] = kept[field] or row[field]
    every = (kept["phone"], *kept["other_phones"].split(" / "), row["phone"])
    every = (*every, *row["other_phones"].split(" / "))
    kept["other_phones"] = " / ".join(list(dict.fromkeys(filter(None, every)))[1:])
    numbers = [*filter(None, kept["contract"].split(", ")), row["contract"]]
    kept["contract"] = ", ".join(dict.fromkeys(filter(None, numbers)))[:200]
    findings.told.append(Told(State.SAME, line, shown(name), f"même que ligne {first[0]} : réunis"))


def merge_suppliers(
    found: Mapping[str, tuple[int, str, Row]], standing: Standing, wishes: Wishes
) -> tuple[dict[str, bytes], Merged]:
    """suppliers.toml and its memory."""
    import tomlkit

    data = standing.files.get(inventory.SUPPLIERS, BLANK[inventory.SUPPLIERS])
    document: Any = tomlkit.parse(data.decode("utf-8-sig", "replace"))
    tables = list(document.get("supplier", []))
    current = {
        str(table.get("id", "")): {name: str(table.get(name, "")) for name in FIELDS}
        for table in tables
    }
    memory = standing.memory(inventory.SUPPLIERS, _COLUMNS).rows()
    new = _identified(found, current, standing)
    merged = merge(current, memory, new, _WORDS, wishes.source, remove=wishes.remove)
    merged = _keep_needed(merged, current, memory, standing)
    if merged.rows != current:
        _write(document, tables, merged.rows)
    for number, row in merged.memory.items():
        row["id"] = number
    files = remembered_file(standing, inventory.SUPPLIERS, _COLUMNS, merged.memory)
    if merged.rows != current:
        files[inventory.SUPPLIERS] = tomlkit.dumps(document).encode()
    return files, merged


def _identified(
    found: Mapping[str, tuple[int, str, Row]], current: Mapping[str, Row], standing: Standing
) -> dict[str, tuple[int, Row]]:
    by_name = {same(row["name"]): number for number, row in current.items()}
    taken = set(standing.establishment.names) if standing.establishment else set()
    new: dict[str, tuple[int, Row]] = {}
    for bare, (line, code, row) in found.items():
        number = code if code in current else by_name.get(bare, "")
        if not number:
            wanted = code or "FRN-" + (slug(bare, most=40) or "SANS-NOM")
            number = free(wanted, (*taken, *new))
        new[number] = (line, row)
    return new


def _keep_needed(
    merged: Merged, current: Mapping[str, Row], memory: Mapping[str, Row], standing: Standing
) -> Merged:
    """A supplier that an application names stays."""
    known = standing.establishment
    needed = {each.supplier for each in known.applications} if known else set()
    needed |= {each.needs for each in known.dependencies} if known else set()
    for number in (needed & current.keys()) - merged.rows.keys():
        merged.rows[number], merged.memory[number] = dict(current[number]), dict(memory[number])
        what = "n'est plus dans le fichier, mais l'établissement en a besoin : gardé"
        merged.told.append(Told(State.KEPT, 0, shown(current[number]["name"]), what))
    return merged


def _write(document: Any, tables: list[Any], rows: Mapping[str, Row]) -> None:  # noqa: ANN401
    """Change the tables in place, add the new ones, take out those that went."""
    import tomlkit

    left = dict(rows)
    kept = tomlkit.aot()
    for table in tables:
        row = left.pop(str(table.get("id", "")), None)
        if row is None:
            continue
        for name in FIELDS:
            if row.get(name, "") != str(table.get(name, "")):
                table[name] = row[name]
        kept.append(table)
    for number, row in left.items():
        table = tomlkit.table()
        table.update({"id": number, **{name: row.get(name, "") for name in FIELDS}})
        kept.append(table)
    document["supplier"] = kept

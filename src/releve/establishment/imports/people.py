"""Each person once, under an id that stays the same at each import; people.csv after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from releve.establishment import inventory
from releve.establishment.faults import shown
from releve.establishment.imports.lines import Findings, State, Told
from releve.establishment.imports.merge import Merged, Row, merge
from releve.establishment.imports.staff import COLUMNS, FIELDS, LABELS, WORDS, Someone, called, who
from releve.establishment.imports.standing import Standing, Wishes, changed_files
from releve.establishment.words import free, key, slug


def once(found: Sequence[Someone], findings: Findings) -> list[Someone]:
    """Each person once: the same twice is merged, two who differ under one name are doubtful."""
    kept: dict[tuple[str, ...], Someone] = {}
    for each in found:
        keys = _identities(each)
        first = next((kept[k] for k in keys if k in kept), None)
        other = kept.get(("name", *reversed(each.name.key)))
        if first is None and other is not None and _reach(each) & _reach(other):
            _doubt_turned(each, other, findings)
            continue
        if first is None or (each.id and first.id and each.id != first.id):
            for k in keys:
                kept.setdefault(k, each)
            continue
        _join(first, each, findings)
        for k in _identities(first):
            kept.setdefault(k, first)
    return list({id(each): each for each in kept.values()}.values())


def _reach(each: Someone) -> set[str]:
    numbers = (each.row["phone"], *each.row["other_phones"].split(" / "), each.row["email"])
    return set(filter(None, numbers))


def _doubt_turned(each: Someone, other: Someone, findings: Findings) -> None:
    """First name and surname stand in each other's place."""
    what = (
        f"nom et prénom inversés, mêmes coordonnées que ligne {other.line}"
        f" ({shown(who(other.name))}) : même personne, cette ligne n'est pas prise"
    )
    findings.doubt(each.line, who(each.name), what, "Gardez une seule ligne.")


def _identities(each: Someone) -> list[tuple[str, ...]]:
    """What two lines share when they may be one person; a number of theirs beats a name."""
    keys: list[tuple[str, ...]] = []
    if each.id:
        keys.append(("id", each.id.lower()))
    if each.row["rpps"]:
        keys.append(("rpps", each.row["rpps"]))
    if each.id or each.row["rpps"]:
        return [*keys, ("named", *each.name.key, each.id or each.row["rpps"])]
    return [*keys, ("name", *each.name.key)]


def _join(first: Someone, again: Someone, findings: Findings) -> None:
    """Complete the first with what the second adds, unless they contradict each other."""
    odd = [
        name
        for name in FIELDS
        if first.row[name] and again.row[name] and key(first.row[name]) != key(again.row[name])
    ]
    if not odd:
        first.row = {name: first.row[name] or again.row[name] for name in FIELDS}
        first.also.append(again.line)
        return
    differs = ", ".join(
        f"{LABELS[name]} « {shown(first.row[name])} » puis « {shown(again.row[name])} »"
        for name in odd
    )
    same = "même numéro" if first.id and first.id == again.id else "même nom"
    same = "même RPPS" if first.row["rpps"] and first.row["rpps"] == again.row["rpps"] else same
    where = f"ligne {first.line}" + (f" de « {shown(first.sheet)} »" if first.sheet else "")
    what = f"deux fois ({same}, déjà {where}) : {differs} ; cette ligne n'est pas prise"
    remedy = "Gardez une seule ligne, ou donnez à chacune son matricule si ce sont deux personnes."
    findings.doubt(again.line, who(again.name), what, remedy)


def identified(people: Sequence[Someone], standing: Standing) -> dict[str, tuple[int, Row]]:
    """id → (line, row): the number of the list, else of the person already known, else one made of
    the name, the same at each import.
    """
    known = Known(standing.table(inventory.PEOPLE, COLUMNS).rows())
    numbers = {each.id.lower() for each in people if each.id}
    found: dict[str, tuple[int, Row]] = {}
    for each in people:
        number = each.id if each.id in known.rows else known.find(each, numbers) or each.id
        if not number or number in found:
            wanted = slug(f"{each.name.last} {each.name.first}", upper=False, most=48) or "agent"
            number = free(wanted, (*known.rows, *found, *numbers))
        found[number] = (each.line, each.row)
    return found


class Known:
    """People already there, by what tells one from another."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self.rows = rows
        self._one: dict[tuple[str, ...], str | None] = {}
        for number, row in rows.items():
            for k in self._keys(row):
                self._one[k] = number if k not in self._one else None

    @staticmethod
    def _keys(row: Row) -> list[tuple[str, ...]]:
        keys: list[tuple[str, ...]] = [
            ("name", key(row.get("last_name", "")), key(row.get("first_name", "")))
        ]
        keys += [(f, row[f].lower()) for f in ("rpps", "email") if row.get(f)]
        return keys

    def find(self, each: Someone, numbers: set[str]) -> str | None:
        """Whom a line means: by RPPS, by address, by a name that one alone bears."""
        for k in sorted(self._keys(each.row), key=lambda k: k[0] == "name"):
            number = self._one.get(k)
            if number and number.lower() not in numbers:
                other = self.rows[number].get("rpps", "")
                if k[0] == "name" and other and each.row["rpps"] and other != each.row["rpps"]:
                    continue
                return number
        return None


def merge_people(
    new: Mapping[str, tuple[int, Row]],
    standing: Standing,
    wishes: Wishes,
) -> tuple[dict[str, bytes], Merged]:
    """people.csv and its memory after the import."""
    table = standing.table(inventory.PEOPLE, COLUMNS)
    memory = standing.memory(inventory.PEOPLE, COLUMNS).rows()
    current = table.rows()
    merged = merge(current, memory, new, WORDS, wishes.source, remove=wishes.remove)
    _keep_watchers(merged, current, memory, standing)
    for number, row in merged.rows.items():
        row["id"] = number
    for number, row in merged.memory.items():
        row["id"] = number
    files = changed_files(standing, inventory.PEOPLE, table, merged.rows, COLUMNS, merged.memory)
    return files, merged


def _keep_watchers(
    merged: Merged, current: Mapping[str, Row], memory: Mapping[str, Row], standing: Standing
) -> None:
    """Who is on call is not removed: the rota would name nobody."""
    watches = standing.establishment.watches if standing.establishment else ()
    busy = {person for watch in watches for person in watch.people}
    for number in (busy & current.keys()) - merged.rows.keys():
        merged.rows[number], merged.memory[number] = dict(current[number]), dict(memory[number])
        busy_one = shown(called(current[number]))
        merged.told = [
            replace(
                each, state=State.KEPT, what="n'est plus dans le fichier, mais d'astreinte : gardé"
            )
            if each.state is State.REMOVED and each.who == busy_one
            else each
            for each in merged.told
        ]


def told_of(people: Sequence[Someone]) -> list[Told]:
    """Lines that were merged into another."""
    return [
        Told(
            State.SAME,
            line,
            shown(who(each.name)),
            f"même personne que ligne {each.line} : réunies",
        )
        for each in people
        for line in each.also
    ]

"""A list of people → people.csv."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from releve.establishment import inventory
from releve.establishment.faults import shown
from releve.establishment.imports.book import text_of
from releve.establishment.imports.days import Course, Impossible, day_of
from releve.establishment.imports.layout import Layout, Record
from releve.establishment.imports.lines import Findings, State, Told
from releve.establishment.imports.merge import Merged, Row, Words, merge
from releve.establishment.imports.names import Name, read_name, several, split_names
from releve.establishment.imports.phones import Phones, main_and_others, read_phones
from releve.establishment.imports.services import Services, site_of
from releve.establishment.imports.standing import Standing, Wishes, changed_files
from releve.establishment.imports.words import (
    cleaned,
    free,
    hidden_in,
    is_live,
    key,
    mixed,
    slug,
    turned,
)
from releve.establishment.text import is_id

FIELDS = (
    *("last_name", "first_name", "service", "profession"),
    *("phone", "other_phones", "email", "rpps"),
)
LABELS: Mapping[str, str] = {
    "last_name": "nom",
    "first_name": "prénom",
    "service": "service",
    "profession": "profession",
    "phone": "téléphone",
    "other_phones": "autres numéros",
    "email": "adresse",
    "rpps": "RPPS",
}
_COLUMNS = ("id", *FIELDS)
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PROFESSIONS = Path(__file__).with_name("professions.toml")
_DITTO = re.compile(r"(?i)idem|id\.?|ditto|[\"″〃'’-]{1,3}|-\s*(?:\"|//)\s*-")
_NEVER = re.compile(r"[<>{}|\\=@#%$\[\]]|https?:|\d{3}")
#: In a list of people, lines that are none: told, never taken for somebody.
_NO_PERSON = frozenset(
    """interne garde astreinte vestiaire bureau secretariat standard salle accueil poste office box
    fax numero ligne service urgences medecin infirmier infirmiere ide cadre bloc ascenseur cuisine
    lingerie pharmacie laboratoire radio brancardage morgue chambre reunion detente regulation
    permanence equipe divers externe stagiaire interimaire vacataire remplacant nuit jour""".split()
)
_DOCTOR = re.compile(r"\b(dr|docteure?|pr|prof)", re.IGNORECASE)


@dataclass
class Someone:
    """A person as one line gives them; ``id`` empty when the line has no number of theirs."""

    line: int
    id: str
    name: Name
    row: Row
    also: list[int] = field(default_factory=list)


@lru_cache(maxsize=1)
def _professions() -> Mapping[str, str]:
    found = tomllib.loads(_PROFESSIONS.read_text("utf-8"))
    return {key(word): name for name, words in found.items() for word in (name, *words)}


def profession_of(written: str) -> str:
    """Under its one name when it is known; else as written, small letters."""
    text = cleaned(written)
    said = key(re.sub(r"\(e\)|\.e\b|·e\b|-e\b", "", text))
    known = _professions().get(said) or _professions().get(re.sub(r"\b(\w{5,})s\b", r"\1", said))
    return known or (text.lower() if text.isupper() and len(text) > 5 else text)


def called(row: Row) -> str:
    """« MARTIN Élise »."""
    return f"{row.get('last_name', '')} {row.get('first_name', '')}".strip()


WORDS = Words(LABELS, called)


def read_people(
    lines: Iterable[Record], layout: Layout, services: Services, standing: Standing, now: datetime
) -> tuple[list[Someone], Findings]:
    """Every person the lines name, each once; what is doubtful is said."""
    reader = _Reader(layout, services, standing, now)
    found = [person for record in lines for person in reader.people(record)]
    return once(found, reader.findings), reader.findings


class _Reader:
    def __init__(
        self, layout: Layout, services: Services, standing: Standing, now: datetime
    ) -> None:
        self.findings = Findings()
        self._fields = layout.fields
        self._services = services
        self._establishment = standing.establishment
        self._today = now.date()
        self._last_said: dict[str, str] = {}
        labels = [key(c.label) for c in layout.columns if c.field == "full_name"]
        self._last_first = None
        if labels and "prenom" in labels[0]:
            self._last_first = not labels[0].startswith("prenom")

    def people(self, record: Record) -> Iterable[Someone]:
        left = self._left(record)
        written = record.text("full_name") or called(
            {"last_name": _last(record), "first_name": record.text("first_name")}
        )
        if _is_legend(record, written):
            self.findings.leave_out(record.line, written, "légende ou pied de page")
            return
        if left and left < self._today:
            self.findings.leave_out(record.line, cleaned(written), f"parti le {left:%d/%m/%Y}")
            return
        if "last_name" in self._fields and not _last(record) and not record.text("full_name"):
            written = ""
        if not written.strip():
            who = ("first_name", "phone", "mobile", "email", "matricule", "rpps")
            if any(record.texts(each) for each in who):
                remedy = "Écrivez son nom, ou ôtez la ligne."
                first = record.text("first_name") or "sans nom"
                self.findings.doubt(record.line, first, "aucun nom sur cette ligne", remedy)
            return
        if why := _no_name(written, whole=not record.text("first_name")):
            remedy = "Écrivez le nom au clavier, ou ôtez la ligne."
            self.findings.doubt(
                record.line, written, f"« {shown(written)} » {why} : pas pris", remedy
            )
            return
        if hidden_in(written):
            what = f"caractères invisibles dans « {shown(written)} » : ôtés"
            self.findings.doubt(record.line, cleaned(written), what, "Vérifiez ce nom.")
        yield from self._named(record, written)

    def _named(self, record: Record, written: str) -> Iterable[Someone]:
        one = self._one_name(record, cleaned(written))
        parts = (
            several(written) if "full_name" in self._fields or not record.text("first_name") else []
        )
        row = self._row(record, one)
        if len(parts) < 2:
            yield Someone(record.line, self._number(record), one, row)
            return
        what = f"plusieurs personnes dans une cellule : {' ; '.join(map(shown, parts))}"
        remedy = "Une ligne par personne, chacune avec son téléphone."
        self.findings.doubt(record.line, cleaned(written), what, remedy)
        numbers = [row["phone"], *filter(None, row["other_phones"].split(" / "))]
        for place, part in enumerate(parts):
            name = read_name(cleaned(part), last_first=self._last_first)
            phone = numbers[place] if len(numbers) == len(parts) else ""
            own = {**row, "phone": phone, "other_phones": "", "email": "", "rpps": ""}
            yield Someone(record.line, "", name, {**own, **_names(name)})

    def _one_name(self, record: Record, written: str) -> Name:
        last, first = cleaned(_last(record)), cleaned(record.text("first_name"))
        if last and first:
            return split_names(last, first)
        whole = last or written
        hint = self._last_first if not last else None
        local = key(record.text("email").partition("@")[0]).split()
        words = key(whole).split()
        if hint is None and len(words) == 2 and sorted(local) == sorted(words):
            hint = local[0] != words[0]
        return read_name(whole, last_first=hint)

    def _row(self, record: Record, name: Name) -> Row:
        phone, others = main_and_others(self._phones(record, name))
        profession = profession_of(
            self._above("profession", self._plain(record, "profession", name))
        )
        if not profession and _DOCTOR.search(f"{name.title} {record.text('title')}"):
            profession = "médecin"
        return {
            **_names(name),
            "service": self._service(record, name),
            "profession": profession,
            "phone": phone,
            "other_phones": others,
            "email": self._email(record, name),
            "rpps": self._rpps(record, name),
        }

    def _plain(self, record: Record, which: str, name: Name) -> str:
        text = record.text(which)
        if is_live(text):
            what = f"{LABELS[which]} « {shown(text)} » est une formule : pas prise"
            self.findings.doubt(record.line, _who(name), what, "Écrivez la valeur elle-même.")
            return ""
        if hidden_in(text):
            what = f"caractères invisibles dans {LABELS[which]} « {shown(text)} » : ôtés"
            self.findings.doubt(record.line, _who(name), what, "Vérifiez cette valeur.")
        return cleaned(text)

    def _above(self, which: str, said: str) -> str:
        """« idem » is what the line above says."""
        if _DITTO.fullmatch(said):
            return self._last_said.get(which, "")
        self._last_said[which] = said
        return said

    def _left(self, record: Record) -> date | None:
        """The day of leaving; one that no calendar has is said, the person is taken."""
        cell = record.raw("leaving")
        try:
            return day_of(cell, Course(self._today)) if cell != "" else None
        except Impossible as error:
            what = f"date de départ impossible ({error})"
            self.findings.doubt(record.line, _last(record), what, "Corrigez la date.")
            return None

    def _service(self, record: Record, name: Name) -> str:
        said = self._above("service", self._plain(record, "service", name))
        said = said or cleaned(record.section)
        unit = cleaned(record.text("unit"))
        said = said or ("" if unit else cleaned(record.text("pole")))
        site = site_of(record.text("site"), self._establishment)
        return self._services.find_or_propose(said, unit if len(unit) <= 20 else "", site)

    def _phones(self, record: Record, name: Name) -> Phones:
        found = Phones()
        for which in ("mobile", "phone", "extension"):
            for cell in record.cells.get(which, ()):
                if isinstance(cell, str) and is_live(cell):
                    found += Phones(left=cell)
                elif isinstance(cell, str | int | float) and cell != "":
                    found += read_phones(cell, inside=which == "extension")
        if found.left:
            what = f"téléphone « {shown(found.left)} » : pas pris"
            remedy = "Dix chiffres (06 39 98 00 12), +33…, ou un poste de 2 à 6 chiffres."
            self.findings.doubt(record.line, _who(name), what, remedy)
        return found

    def _email(self, record: Record, name: Name) -> str:
        text = " ".join(record.texts("email"))
        found = _EMAIL.search(text)
        if found:
            return found[0].lower()
        if re.search(r"\w", text) and not re.fullmatch(
            r"(?i)n/?a|n[ée]ant|non|aucune?|-+", text.strip()
        ):
            what = f"adresse « {shown(text)} » : pas prise"
            self.findings.doubt(record.line, _who(name), what, "Écrivez nom@domaine.fr, ou rien.")
        return ""

    def _rpps(self, record: Record, name: Name) -> str:
        digits = re.sub(r"\D", "", record.text("rpps"))
        if len(digits) == 12 and digits.startswith("8"):
            digits = digits[1:]  # the « 8 » that says « RPPS » on a card
        if len(digits) == 11 or not digits:
            return digits
        if len(digits) == 9:
            return ""  # an ADELI number
        what = f"RPPS « {shown(record.text('rpps'))} » : pas pris"
        self.findings.doubt(record.line, _who(name), what, "Onze chiffres, ou rien.")
        return ""

    def _number(self, record: Record) -> str:
        text = cleaned(record.text("matricule"))
        text = re.sub(r"[\s/]+", "-", text)
        return text if is_id(text) else ""


def _last(record: Record) -> str:
    """The name in use, else the name at birth."""
    return record.text("last_name") or record.text("birth_name")


def _is_legend(record: Record, written: str) -> bool:
    """A line of explanation that stands where the names do, alone."""
    said = [text_of(cell) for cells in record.cells.values() for cell in cells if cell != ""]
    written = written or "".join(said)
    return len(said) == 1 and (
        len(written.split()) > 6
        or re.search(r"\s[=:]\s|^\*|^\(\d\)|\d{2}[/.]\d{2}[/.]\d{2}", written) is not None
    )


def _no_name(written: str, *, whole: bool) -> str:
    """Why a text is nobody's name, in French; empty when it may be one."""
    if is_live(written):
        return "est une formule"
    if not re.search(r"[^\W\d_]", written) or _NEVER.search(written):
        return "n'est pas un nom"
    if turned(written):
        return "change le sens de la lecture"
    if mixed(cleaned(written)):
        return "mêle des lettres d'un autre alphabet"
    loud = re.search(r"[A-ZÀ-Ý]{3}", written)
    if whole and not loud and _NO_PERSON & set(key(written).split()):
        return "dit une fonction ou un lieu, pas une personne"
    return ""


def _names(name: Name) -> Row:
    return {"last_name": name.last, "first_name": name.first}


def _who(name: Name) -> str:
    return f"{name.last} {name.first}".strip()


def once(found: Sequence[Someone], findings: Findings) -> list[Someone]:
    """Each person once: the same twice is merged, two who differ under one name are doubtful."""
    kept: dict[tuple[str, ...], Someone] = {}
    for each in found:
        keys = _identities(each)
        first = next((kept[k] for k in keys if k in kept), None)
        if first is None or (each.id and first.id and each.id != first.id):
            for k in keys:
                kept.setdefault(k, each)
            continue
        _join(first, each, findings)
        for k in _identities(first):
            kept.setdefault(k, first)
    return list({id(each): each for each in kept.values()}.values())


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
    what = f"deux fois ({same}, déjà ligne {first.line}) : {differs} ; cette ligne n'est pas prise"
    remedy = "Gardez une seule ligne, ou donnez à chacune son matricule si ce sont deux personnes."
    findings.doubt(again.line, _who(again.name), what, remedy)


def identified(people: Sequence[Someone], standing: Standing) -> dict[str, tuple[int, Row]]:
    """id → (line, row): the number of the list, else of the person already known, else one made of
    the name, the same at each import.
    """
    known = Known(standing.table(inventory.PEOPLE, _COLUMNS).rows())
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
        keys: list[tuple[str, ...]] = [("name", key(row.get("last_name", "")), key(row.get("first_name", "")))]
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
    *,
    fill: bool = False,
) -> tuple[dict[str, bytes], Merged]:
    """people.csv and its memory after the import. ``fill``: known people only, nobody is gone."""
    table = standing.table(inventory.PEOPLE, _COLUMNS)
    memory = standing.memory(inventory.PEOPLE, _COLUMNS).rows()
    current = table.rows()
    merged = merge(
        current, memory, new, WORDS, wishes.source, remove=wishes.remove, among=lambda _: not fill
    )
    _keep_watchers(merged, current, memory, standing)
    for number, row in merged.rows.items():
        row["id"] = number
    for number, row in merged.memory.items():
        row["id"] = number
    files = changed_files(standing, inventory.PEOPLE, table, merged.rows, _COLUMNS, merged.memory)
    return files, merged


def _keep_watchers(
    merged: Merged, current: Mapping[str, Row], memory: Mapping[str, Row], standing: Standing
) -> None:
    """Who is on call is not removed: the rota would name nobody."""
    watches = standing.establishment.watches if standing.establishment else ()
    busy = {person for watch in watches for person in watch.people}
    for number in (busy & current.keys()) - merged.rows.keys():
        merged.rows[number], merged.memory[number] = dict(current[number]), dict(memory[number])
        who = shown(called(current[number]))
        merged.told = [
            replace(
                each, state=State.KEPT, what="n'est plus dans le fichier, mais d'astreinte : gardé"
            )
            if each.state is State.REMOVED and each.who == who
            else each
            for each in merged.told
        ]


def told_of(people: Sequence[Someone]) -> list[Told]:
    """Lines that were merged into another."""
    return [
        Told(
            State.SAME,
            line,
            shown(_who(each.name)),
            f"même personne que ligne {each.line} : réunies",
        )
        for each in people
        for line in each.also
    ]

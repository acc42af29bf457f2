"""A list of people → people.csv."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from releve.establishment.faults import shown
from releve.establishment.imports.book import text_of
from releve.establishment.imports.days import Course, Impossible, day_of
from releve.establishment.imports.layout import Layout, Record
from releve.establishment.imports.lines import Findings
from releve.establishment.imports.merge import Row, Words
from releve.establishment.imports.names import Name, read_name, several, split_names
from releve.establishment.imports.phones import Phones, main_and_others, read_phones, troubles
from releve.establishment.imports.services import Services, site_of
from releve.establishment.imports.standing import Standing
from releve.establishment.text import is_id
from releve.establishment.words import (
    cleaned,
    hidden_in,
    is_live,
    key,
    mixed,
    turned,
)

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
COLUMNS = ("id", *FIELDS)
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PROFESSIONS = Path(__file__).with_name("professions.toml")
_DITTO = re.compile(r"(?i)idem|id\.?|ditto|[\"″〃'’-]{1,3}|-\s*(?:\"|//)\s*-")
_NEVER = re.compile(r"[<>{}|\\=@#%$\[\]\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]|https?:|\d{3}")
#: Longer, it is no name: a paragraph, or a cell made to break what shows it.
_LONGEST_NAME = 100
#: « RETRAITÉ : MARTIN »: whom a list keeps and who is no longer there.
_GONE = re.compile(
    r"\b(retraitee?|partie?|decedee?|mutee?|demissionnaire|sortie?|en disponibilite)\b"
)
#: In a list of people, lines that are none: told, never taken for somebody.
_NO_PERSON = frozenset(
    [
        "interne",
        "garde",
        "astreinte",
        "vestiaire",
        "bureau",
        "secretariat",
        "standard",
        "salle",
        "accueil",
        "poste",
        "office",
        "box",
        "fax",
        "numero",
        "ligne",
        "service",
        "urgences",
        "medecin",
        "infirmier",
        "infirmiere",
        "ide",
        "cadre",
        "bloc",
        "ascenseur",
        "cuisine",
        "lingerie",
        "pharmacie",
        "laboratoire",
        "radio",
        "brancardage",
        "morgue",
        "chambre",
        "reunion",
        "detente",
        "regulation",
        "permanence",
        "equipe",
        "divers",
        "externe",
        "stagiaire",
        "interimaire",
        "vacataire",
        "remplacant",
        "nuit",
        "jour",
    ]
)
_END = re.compile(r"fin (de|du|de la) (fichier|liste|tableau|page|export)|end of file|eof")
_DOCTOR = re.compile(r"\b(dr|docteure?|pr|prof)", re.IGNORECASE)


@dataclass
class Someone:
    """A person as one line gives them; ``id`` empty when the line has no number of theirs;
    ``sheet`` named when several are read.
    """

    line: int
    id: str
    name: Name
    row: Row
    also: list[int] = field(default_factory=list)
    sheet: str = ""


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
    """Every person the lines name; what is doubtful is said."""
    held = list(lines)
    reader = _Reader(layout, services, standing, now, _own_company(held))
    return [one for record in held for one in reader.people(record)], reader.findings


def _own_company(lines: Sequence[Record]) -> str:
    """The one that most lines name: the hospital itself; empty when none does."""
    said = Counter(key(text) for each in lines if (text := each.text("company")))
    name, count = max(said.items(), key=lambda each: each[1], default=("", 0))
    return name if count > 1 and 2 * count > said.total() else ""


class _Reader:
    def __init__(
        self,
        layout: Layout,
        services: Services,
        standing: Standing,
        now: datetime,
        company: str,
    ) -> None:
        self._company = company
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
        if why := no_name(written, whole=not record.text("first_name")):
            remedy = "Écrivez le nom au clavier, ou ôtez la ligne."
            self.findings.doubt(
                record.line, written, f"« {shown(written)} » {why} : pas pris", remedy
            )
            return
        if self._is_outsider(record):
            company = shown(cleaned(record.text("company")))
            what = f"contact de « {company} », pas un agent : pas pris"
            remedy = "Mettez-le aux fournisseurs, ou dites son service et son prénom."
            self.findings.doubt(record.line, cleaned(written), what, remedy)
            return
        if hidden_in(written):
            what = f"caractères invisibles dans « {shown(written)} » : ôtés"
            self.findings.doubt(record.line, cleaned(written), what, "Vérifiez ce nom.")
        yield from self._named(record, written)

    def _is_outsider(self, record: Record) -> bool:
        """A contact of another company: named otherwise than the hospital, without a service."""
        company = key(record.text("company"))
        if not company or company == self._company or record.text("service"):
            return False
        return bool(self._company) or not record.text("first_name")

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
            self.findings.doubt(record.line, who(name), what, "Écrivez la valeur elle-même.")
            return ""
        if hidden_in(text):
            what = f"caractères invisibles dans {LABELS[which]} « {shown(text)} » : ôtés"
            self.findings.doubt(record.line, who(name), what, "Vérifiez cette valeur.")
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
            self.findings.doubt(record.line, who(name), what, remedy)
        for what, remedy in troubles(found):
            self.findings.doubt(record.line, who(name), what, remedy)
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
            self.findings.doubt(record.line, who(name), what, "Écrivez nom@domaine.fr, ou rien.")
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
        self.findings.doubt(record.line, who(name), what, "Onze chiffres, ou rien.")
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


def no_name(written: str, *, whole: bool = True) -> str:
    """Why a text is nobody's name, in French; empty when it may be one."""
    if is_live(written):
        return "est une formule"
    if not re.search(r"[^\W\d_]", written) or _NEVER.search(written):
        return "n'est pas un nom"
    if _END.fullmatch(key(written)):
        return "dit la fin de la liste"
    if len(written) > _LONGEST_NAME:
        return "est trop long pour un nom"
    if re.search(r"[:(]|\s-\s", written) and _GONE.search(key(written)):
        return "dit que cette personne est partie"
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


def who(name: Name) -> str:
    return f"{name.last} {name.first}".strip()

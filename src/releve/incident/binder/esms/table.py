"""A table of residents: a line of titles, then rows whose first line holds room and name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from releve.incident.binder.esms.roll import Resident, Unread, treatment
from releve.incident.binder.esms.words import Line, Spacing, Word

_TITLES: dict[str, tuple[str, ...]] = {
    "room": ("chambre", "ch", "lit", "chb", "n chambre", "no chambre"),
    "name": ("nom prenom", "nom et prenom", "nom", "resident", "residente", "usager", "residents"),
    "first": ("prenom", "prenoms"),
    "born": ("ne e le", "nee le", "ne le", "date de naissance", "naissance", "ddn", "date naiss"),
    "allergies": ("allergies", "allergie", "allergies connues", "allergies intolerances"),
    "treatments": (
        "traitements", "traitement", "traitements en cours", "traitement en cours", "medicaments",
        "prescriptions", "prescription",
    ),
    "dlu": ("dlu", "dlu a jour"),
    "contact": ("personne a prevenir", "a prevenir", "famille", "referent familial", "contact"),
}  # fmt: skip
_BY_WORDS = sorted(
    ((words.split(), name) for name, many in _TITLES.items() for words in many),
    key=lambda each: -len(each[0]),
)
_ROOM = re.compile(r"(?=.*\d)[A-Za-z]{0,3}[ -]?\d{1,4}[A-Za-z]?", re.ASCII)
DATE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}", re.ASCII)
_SLACK = 3.0
_NOBODY = "au-dessus ou au-dessous ? à qui est cette ligne"


@dataclass(frozen=True)
class _Column:
    name: str
    left: float


@dataclass
class _Row:
    """One resident in the making: column → its lines of words."""

    page: int
    cells: dict[str, list[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def add(self, cells: dict[str, str]) -> None:
        for name, words in cells.items():
            self.cells.setdefault(name, []).append(words)


def read_table(lines: list[Line], key: bool) -> tuple[list[Resident], list[Unread]]:
    """Residents and the lines that are nobody's; nothing without a line of titles."""
    columns: list[_Column] = []
    rows: list[_Row] = []
    unread: list[Unread] = []
    above: Line | None = None
    opened = False
    spacing = Spacing(lines)
    torn = False  # the line before was nobody's: whose is the next one?
    for line in lines:
        head = titles(line)
        if head:
            columns, above, opened, torn = head, line, False, False
            continue
        if not columns:
            if rows or _holds_person(line):
                unread.append(Unread(line.page, line.number, line.text, "hors du tableau"))
            continue
        if above is not None and above.page != line.page:
            opened, torn = False, False  # the page's first line: whose it is is not said
        cells = _cells(line, columns)
        if _starts(cells):
            row = _Row(line.page)
            row.add(cells)
            if torn:
                row.doubts.append("une ligne au-dessus est peut-être à cette personne")
            rows.append(row)
            opened, torn = True, False
        else:
            loose = not opened or torn or above is None or spacing.parts(above, line)
            if loose or "room" in cells or not rows:
                unread.append(Unread(line.page, line.number, line.text, _NOBODY))
                if rows and "room" not in cells:
                    rows[-1].doubts.append(f"suite possible page {line.page}, non attribuée")
                torn = True
            else:
                rows[-1].add(cells)
        above = line
    return [_resident(row, key) for row in rows], unread


def titles(line: Line) -> list[_Column]:
    """The columns of a line of titles; empty when it is not one."""
    words = [(each, bare(each.text)) for each in line.words]
    columns: list[_Column] = []
    place = 0
    while place < len(words):
        for wanted, name in _BY_WORDS:
            tokens = [t for _, text in words[place : place + len(wanted)] for t in text.split()]
            if tokens[: len(wanted)] == wanted:
                columns.append(_Column(name, words[place][0].left))
                place += _taken(words[place:], len(wanted))
                break
        else:
            place += 1
    names = [each.name for each in columns]
    told = {"name"} <= set(names) and len(set(names)) >= 3 and len(names) == len(set(names))
    return columns if told and len(columns) * 3 >= len(words) else []


def _taken(words: list[tuple[Word, str]], tokens: int) -> int:
    """How many words of the page hold that many tokens (« Né(e) » holds two)."""
    taken = 0
    while tokens > 0 and taken < len(words):
        tokens -= max(1, len(words[taken][1].split()))
        taken += 1
    return taken


def bare(text: str) -> str:
    """« Né(e) » → « ne e »: letters and digits, lower case, no accents."""
    told = unicodedata.normalize("NFKD", text.casefold().replace("°", " "))
    kept = "".join(c for c in told if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", kept))


def _cells(line: Line, columns: list[_Column]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for word in line.words:
        known = [each for each in columns if each.left <= word.left + _SLACK]
        name = known[-1].name if known else columns[0].name
        found.setdefault(name, []).append(word.text)
    return {name: " ".join(words) for name, words in found.items()}


def _starts(cells: dict[str, str]) -> bool:
    """A row begins with a room, or at least a name and a date of birth."""
    name = cells.get("name", "")
    room = _ROOM.fullmatch(cells.get("room", ""))
    return bool(
        name and re.search(r"[^\W\d]", name) and (room or DATE.search(cells.get("born", "")))
    )


def _holds_person(line: Line) -> bool:
    return bool(DATE.search(line.text))


def _resident(row: _Row, key: bool) -> Resident:
    def whole(name: str) -> str:
        return " ".join(row.cells.get(name, ()))

    doubts = list(dict.fromkeys(row.doubts))
    born = whole("born")
    if not DATE.fullmatch(born):
        doubts.append("date de naissance non lue" if not born else "date de naissance à vérifier")
    room = whole("room")
    if not _ROOM.fullmatch(room):
        doubts.append("chambre non lue")
    return Resident(
        room=room,
        name=" ".join(filter(None, (whole("name"), whole("first")))),
        born=born,
        allergies=whole("allergies") or None,
        treatments=tuple(treatment(words, key=key) for words in row.cells.get("treatments", ())),
        page=row.page,
        contact=whole("contact"),
        dlu=whole("dlu"),
        doubts=tuple(doubts),
    )

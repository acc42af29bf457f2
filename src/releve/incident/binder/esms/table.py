"""A table of residents: a line of titles, then rows whose first line holds room and name."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise

from releve.incident.binder.esms.roll import Resident, Unread, taken
from releve.incident.binder.esms.standing import negated
from releve.incident.binder.esms.words import Line, Spacing, Word, bare

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
_OF_TREATMENTS = re.compile(r"traitement|medic|prescri|posolog|dose")
#: Points: how far a cell may begin from its title, and the widest space inside a title or a cell.
_SLACK, _SPACE = 3.0, 4.5
_UNSURE = "?"
_UNKNOWN = "colonne non comprise : imprimée à part"
_NOBODY = "au-dessus ou au-dessous ? à qui est cette ligne"


@dataclass(frozen=True)
class _Column:
    """``name`` empty: a title that is not one of ours, kept as written in ``title``."""

    name: str
    left: float
    title: str = ""

    @property
    def key(self) -> str:
        """Under what its cells are kept: two unknown columns never mix."""
        return self.name or f"{self.left} {self.title}"


@dataclass
class _Row:
    """One resident in the making: column → its lines of words."""

    page: int
    cells: dict[str, list[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)  # key of a column → its title

    def add(self, cells: dict[str, str], columns: list[_Column]) -> None:
        self.unknown |= {each.key: each.title for each in columns if not each.name}
        if _UNSURE in cells:
            self.unknown[_UNSURE] = "colonne incertaine"
            self.doubts.append("mots à cheval sur deux colonnes")
        for name, words in cells.items():
            self.cells.setdefault(name, []).append(words)

    @property
    def apart(self) -> tuple[str, ...]:
        """What stands under titles that are not ours, each under its own."""
        return tuple(
            f"{title} : {' / '.join(self.cells[key])}"
            for key, title in self.unknown.items()
            if key in self.cells
        )


def read_table(lines: list[Line], key: bool) -> tuple[list[Resident], list[Unread]]:
    """Residents and the lines that are nobody's; nothing without a line of titles."""
    columns: list[_Column] = []
    rows: list[_Row] = []
    unread: list[Unread] = []
    above: Line | None = None
    opened = False
    spacing = Spacing(lines)
    torn = False  # the line before was nobody's: whose is the next one?
    started = False  # a row, or what may be one, was seen since the titles
    heads: list[tuple[Line, list[_Column]]] = []
    for line in lines:
        head = titles(line)
        if head:
            columns, above, opened, torn, started = head, line, False, False, False
            heads.append((line, columns))
            continue
        if not columns:
            unread += _outside(line)
            continue
        if above is not None and above.page != line.page:
            opened, torn = False, False  # the page's first line: whose it is is not said
        cells = _cells(line, columns)
        if not (started or _starts(cells) or above is None or spacing.parts(above, line)):
            columns, above = _wrapped(columns, cells), line  # a title on two lines
            heads.append((line, columns))
            continue
        started = True
        if _starts(cells):
            row = _Row(line.page)
            row.add(cells, columns)
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
                rows[-1].add(cells, columns)
        above = line
    return [_resident(row, key) for row in rows], unread + _strange(heads)


def _outside(line: Line) -> list[Unread]:
    """A line above the first titles that may tell of somebody."""
    told = DATE.search(line.text) is not None
    return [Unread(line.page, line.number, line.text, "hors du tableau")] if told else []


def _strange(heads: list[tuple[Line, list[_Column]]]) -> list[Unread]:
    """Each title that is not ours, once."""
    found: dict[str, Unread] = {}
    for line, columns in heads:
        for each in columns:
            if not each.name:
                said = Unread(line.page, line.number, each.title, _UNKNOWN)
                found.setdefault(each.title, said)
    return list(found.values())


def titles(line: Line) -> list[_Column]:
    """The columns of a line of titles; empty when it is not one."""
    found = [each for run in _runs(line) for each in _titles(run)]
    count = Counter(each.name for each in found)
    # twice the same title: which one is in progress is not said
    columns = [each if count[each.name] == 1 else replace(each, name="") for each in found]
    names = [each.name for each in columns if each.name]
    told = "name" in names and len(names) >= 3
    return columns if told and len(columns) * 3 >= len(line.words) else []


def _runs(line: Line) -> list[list[Word]]:
    """The words of a line, cut where a space is wider than between two words."""
    found = [[line.words[0]]] if line.words else []
    for one, other in pairwise(line.words):
        if other.left - one.right > _SPACE:
            found.append([])
        found[-1].append(other)
    return found


def _titles(run: list[Word]) -> list[_Column]:
    """Titles written close together; a word more and none is known (« Traitements arrêtés »)."""
    words = [(each, bare(each.text)) for each in run]
    columns: list[_Column] = []
    place = 0
    while place < len(words):
        for wanted, name in _BY_WORDS:
            tokens = [t for _, text in words[place : place + len(wanted)] for t in text.split()]
            if tokens[: len(wanted)] == wanted:
                taken = _taken(words[place:], len(wanted))
                title = " ".join(each.text for each in run[place : place + taken])
                columns.append(_Column(name, run[place].left, title))
                place += taken
                break
        else:
            return [_Column("", run[0].left, " ".join(each.text for each in run))]
    return columns


def _wrapped(columns: list[_Column], cells: dict[str, str]) -> list[_Column]:
    """Titles that go on below: « Traitements » then « arrêtés » is no column of ours."""
    found = []
    for each in columns:
        if each.key in cells:
            title = f"{each.title} {cells[each.key]}"
            said = bare(title).split()
            name = next((name for wanted, name in _BY_WORDS if wanted == said), "")
            name = "" if name in {other.name for other in columns if other is not each} else name
            each = _Column(name, each.left, title)
        found.append(each)
    return found


def _taken(words: list[tuple[Word, str]], tokens: int) -> int:
    """How many words of the page hold that many tokens (« Né(e) » holds two)."""
    taken = 0
    while tokens > 0 and taken < len(words):
        tokens -= max(1, len(words[taken][1].split()))
        taken += 1
    return taken


def _cells(line: Line, columns: list[_Column]) -> dict[str, str]:
    """Column → its words. What lies across two columns, or a second time in one that holds no
    treatment, is in none for sure. Left of a title that is not ours, what does not begin under its
    own title may be under the other: it goes there.
    """
    found: dict[str, list[str]] = {}
    for piece in _runs(line):
        first, last = _under(piece[0], columns), _under(piece[-1], columns)
        beside = first + 1 < len(columns) and not columns[first + 1].name
        at = columns[first]
        key = at.key
        if first != last:
            key = _UNSURE
        elif beside and abs(piece[0].left - at.left) > _SLACK:
            key = columns[first + 1].key
        elif key in found and at.name not in ("", "treatments"):
            key = _UNSURE
        found.setdefault(key, []).extend(word.text for word in piece)
    return {key: " ".join(words) for key, words in found.items()}


def _under(word: Word, columns: list[_Column]) -> int:
    known = [n for n, each in enumerate(columns) if each.left <= word.left + _SLACK]
    return known[-1] if known else 0


def _starts(cells: dict[str, str]) -> bool:
    """A row begins with a room, or at least a name and a date of birth."""
    name = cells.get("name", "")
    room = _ROOM.fullmatch(cells.get("room", ""))
    return bool(
        name and re.search(r"[^\W\d]", name) and (room or DATE.search(cells.get("born", "")))
    )


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
    treatments, apart, why = taken(row.cells.get("treatments", ()), key=key)
    doubts += why
    if any(_OF_TREATMENTS.search(bare(each)) or negated(each) for each in row.apart):
        doubts.append("traitements peut-être dans une colonne à part")
    return Resident(
        room=room,
        name=" ".join(filter(None, (whole("name"), whole("first")))),
        born=born,
        allergies=whole("allergies") or None,
        treatments=treatments,
        page=row.page,
        contact=whole("contact"),
        dlu=whole("dlu"),
        doubts=tuple(doubts),
        apart=(*apart, *row.apart),
    )
